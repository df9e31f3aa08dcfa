"""The side table: attributes of documents by file name."""

from pathlib import PurePosixPath

from corpus.errors import EvidenceError
from corpus.passage import SetAside
from corpus.read import sheets
from corpus.read.options import File, Options, Source
from corpus.read.table import Row

_NAMES = ("attributes.csv", "attributes.tsv", "attributes.xlsx")


class Table:
    """The rows of one side table, and which of them were used.

    folder: the table holds for files whose name begins with this.
    """

    def __init__(self, name: str, headings: tuple[str, ...], rows: tuple[Row, ...], problem: str | None = None) -> None:
        self.name = name
        self.folder = name.rpartition("/")[0]
        self._headings = headings
        self._problem = problem
        self._rows: dict[str, Row] = {}
        self._again: list[Row] = []
        self._used: set[str] = set()
        for row in rows:
            key = _plain(row.cells[0])
            if key in self._rows:
                self._again.append(row)
            elif key:
                self._rows[key] = row

    def values(self, name: str) -> dict[str, str]:
        """The attributes of the file of that name, with or without its suffix and folders, in capitals or not."""
        if self.folder and not name.startswith(self.folder + "/"):
            return {}
        path = PurePosixPath(name[len(self.folder) + 1 :] if self.folder else name)
        for spelling in (path, path.with_suffix(""), PurePosixPath(path.name), PurePosixPath(path.stem)):
            row = self._rows.get(_plain(str(spelling)))
            if row:
                self._used.add(_plain(str(spelling)))
                pairs = zip(self._headings[1:], row.cells[1:], strict=True)
                return {heading: cell.strip() for heading, cell in pairs if cell.strip()}
        return {}

    def source(self) -> Source:
        """What became of the table: rows that named no file are set aside."""
        if self._problem is not None:
            return Source(self.name, "", set_aside=(SetAside(self.name, "", self._problem),))
        missing = [
            SetAside(self.name, row.place, f"no file called {row.cells[0].strip()!r} among those given")
            for key, row in self._rows.items()
            if key not in self._used
        ]
        again = [SetAside(self.name, row.place, "a second row for this file: the first counts") for row in self._again]
        names = ", ".join(f"'{heading}'" for heading in self._headings[1:])
        guess = f"{self.name}: attributes {names} for {len(self._used)} files"
        return Source(self.name, "", set_aside=(*missing, *again), guesses=(guess,))


def is_table(name: str) -> bool:
    """Whether a file of this name describes the other files in its folder."""
    return PurePosixPath(name).name.lower() in _NAMES


def table(file: File) -> Table:
    """The side table in the file; one that cannot be read has no rows, and says so as a source."""
    try:
        for _, found, _ in sheets.tables(file):
            return Table(file.name, found.headings, found.rows)
    except EvidenceError as error:
        return Table(file.name, (), (), str(error))
    return Table(file.name, (), (), "holds no rows: the first column is the file's name, the others its attributes")


def given(options: Options) -> Table | None:
    """The side table that the user named, which holds for every file.

    Raises EvidenceError where it cannot be read.
    """
    if options.side_table is None:
        return None
    try:
        data = options.side_table.read_bytes()
    except OSError as error:
        raise EvidenceError(f"{options.side_table} cannot be opened ({error.strerror}): check its name") from error
    return table(File(options.side_table.name, data, options.side_table))


def _plain(name: str) -> str:
    return name.strip().replace("\\", "/").removeprefix("./").casefold()
