"""Tables as classes, each column an attribute: what is used of object-relational mappers, which load slowly.

``name: Mapped[str | None]`` declares a column by its type, ``name: Mapped[str] = mapped_column(...)`` one by
what `sqlalchemy.Column` takes; only type checkers know ``Mapped``, as `sqlalchemy.orm` has it. A class
stands for its table in statements, an attribute for the column.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from sqlalchemy import Column, MetaData, Table
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

_OPTIONAL = " | None"


class _Declared(NamedTuple):
    arguments: tuple[Any, ...]
    options: dict[str, Any]


def mapped_column(*arguments: Any, **options: Any) -> Any:
    """Return a column to be, with what `sqlalchemy.Column` takes."""
    return _Declared(arguments, options)


class Tables:
    """Base of classes that stand for tables.

    Attributes
    ----------
    metadata : MetaData
        Where the tables are registered.
    types : dict of str to type
        The type of a column by what its annotation says in ``Mapped[...]``, without ``| None``, which is what
        makes it nullable.
    """

    metadata: ClassVar[MetaData]
    types: ClassVar[dict[str, Any]]
    __tablename__: ClassVar[str]
    __table__: ClassVar[Table]
    __table_args__: ClassVar[tuple[SchemaItem, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__tablename__" not in cls.__dict__:
            return
        columns = [cls._column(name, said) for name, said in cls.__annotations__.items()]
        cls.__table__ = Table(cls.__tablename__, cls.metadata, *columns, *cls.__table_args__)
        for column in columns:
            setattr(cls, column.name, column)

    @classmethod
    def _column(cls, name: str, annotation: str) -> Column[Any]:
        declared = cls.__dict__.get(name, _Declared((), {}))
        said = annotation.removeprefix("Mapped[").removesuffix("]")
        words = said.removesuffix(_OPTIONAL)
        given = any(_is_type(argument) for argument in declared.arguments)
        kind = [] if given else [cls.types[words]]
        options = {"nullable": said != words, **declared.options}
        if options.get("primary_key"):
            del options["nullable"]
        return Column(name, *kind, *declared.arguments, **options)

    @classmethod
    def __clause_element__(cls) -> Table:
        return cls.__table__


def _is_type(argument: Any) -> bool:
    return isinstance(argument, TypeEngine) or (
        isinstance(argument, type) and issubclass(argument, TypeEngine)
    )
