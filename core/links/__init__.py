"""How control and hosts are joined: in process here, over the network in a fleet."""
