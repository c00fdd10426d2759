"""Cards: pure functions from a notice to a message. One module per family, one order in every card:
state, what, where, what next.
"""

from __future__ import annotations
