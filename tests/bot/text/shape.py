"""What every rich text must hold, and how one is written into a golden file."""

from bot.text.rich import Entity, Rich


def covered(rich: Rich, entity: Entity) -> str:
    """The text under an entity; fails when it begins or ends inside a character."""
    return rich.text.encode("utf-16-le")[entity.offset * 2 : entity.end * 2].decode("utf-16-le")


def assert_sound(rich: Rich) -> None:
    """Entities lie in the text, in order, nested or apart, and only where Telegram allows them."""
    total = rich.units
    open_: list[Entity] = []
    last = (0, -total)
    for entity in rich.entities:
        assert 0 <= entity.offset < entity.end <= total, entity
        covered(rich, entity)
        assert (entity.offset, -entity.length) >= last, "not in order"
        last = (entity.offset, -entity.length)
        open_ = [outer for outer in open_ if outer.end > entity.offset]
        for outer in open_:
            assert entity.end <= outer.end, f"{entity} crosses {outer}"
            assert outer.type not in {"code", "pre"}, f"{entity} on code"
            assert entity.type != outer.type, f"{entity} twice"
            if entity.type in {"code", "pre"}:
                assert outer.type in {"blockquote", "expandable_blockquote"}, f"{outer} on code"
            if "blockquote" in entity.type:
                assert "blockquote" not in outer.type
        open_.append(entity)


def shown(rich: Rich) -> str:
    """A form a person can read in a diff."""
    lines = [rich.text, "", "----"]
    for entity in rich.entities:
        extra = entity.url or entity.language or ""
        lines.append(
            f"{entity.type} {entity.offset}+{entity.length} {covered(rich, entity)!r} {extra}".rstrip()
        )
    return "\n".join(lines) + "\n"
