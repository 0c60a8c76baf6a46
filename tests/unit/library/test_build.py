"""A library is the same whoever makes it, in whatever order, and however often the work is stopped."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from rdkit import Chem
from rdkit.Chem import QED

from molgen.errors import LeftOutWarning, MolgenError, UsageError
from molgen.features.named_properties import PROPERTIES
from molgen.features.property_table import property_table
from molgen.library import Library
from molgen.library.columns import ALERTS
from molgen.library.manifest import Folder
from molgen.library.shard import drop
from molgen.library.summary import summary
from molgen.models.generator import Generator
from tests.unit.library.conftest import MODEL, Hashes

SAME = {"model": MODEL, "seed": 5, "jobs": 1, "shard_attempts": 64, "progress": False}


@pytest.fixture
def copy(library: Library, tmp_path: Path) -> Library:
    """The small library in a folder of its own."""
    return Library(shutil.copytree(library.path, tmp_path / "copy"))


def smiles(library: Library) -> list[str]:
    return list(library.query("SELECT smiles FROM molecules ORDER BY attempt")["smiles"])


def test_molecules_are_those_of_generate(library: Library) -> None:
    found = Generator.from_pretrained(MODEL).generate(150, seed=5, progress=False)
    assert smiles(library) == found.smiles
    counts = library.counts()
    assert counts["kept"] == len(library) == 150 and counts["attempted"] == 192
    drawn = Generator.from_pretrained(MODEL).generate(150, seed=5, max_attempts=192, progress=False).attempted
    assert counts["not_needed"] > 0 and drawn <= 192 and accounted(counts) == counts["valid"]
    shown = dict(summary(library))
    assert shown["not_needed"] == str(counts["not_needed"])
    assert shown["yield of attempts"] == f"{(150 + counts['not_needed']) / 192:.1%}"


def accounted(counts: dict[str, int]) -> int:
    """Valid attempts of which it is said what became of them."""
    once = counts.keys() - {"attempted", "valid", "failed_fragment", "failed_atoms"}
    return sum(counts[name] for name in once)


def test_columns_hold_what_they_say(library: Library) -> None:
    table = library.query("SELECT * FROM molecules")
    expected = property_table(list(table["smiles"]))
    for name in PROPERTIES:
        assert table[name].tolist() == pytest.approx(expected[name], abs=1e-4), name
    assert table["scaffold"].tolist() == expected["scaffold"]
    for row, alerts in zip(table.to_dict("records"), expected["alerts"], strict=True):
        mol = Chem.MolFromSmiles(row["smiles"])
        assert row["inchikey"] == Chem.MolToInchiKey(mol) and row["QED"] == pytest.approx(QED.qed(mol), abs=1e-4)
        assert [name for column, name in ALERTS.items() if row[column]] == [
            one for one in str(alerts).split(";") if one
        ]
    assert table["attempt"].is_unique and "nearest" not in table and "conditions" not in table


@pytest.mark.parametrize("after", [1, 2])
def test_a_stopped_build_goes_on_to_the_same_bytes(
    library: Library, hashes: Hashes, tmp_path: Path, after: int
) -> None:
    seen: list[int] = []

    def stop(kept: int, text: str) -> None:
        seen.append(kept)
        if len(seen) == after:
            raise KeyboardInterrupt

    stopped = Library(tmp_path / "lib")
    with pytest.raises(KeyboardInterrupt):
        stopped.build(150, **{**SAME, "progress": stop})
    assert 0 < len(stopped) < 150 and not stopped.manifest.finished
    (stopped.path / "shards" / ".1.partial.00000007.parquet").write_bytes(b"half a file")
    with (stopped.path / "shards.jsonl").open("a") as notes:
        notes.write('{"shard": 7, "first"')  # a line that was not finished
    stopped.resume(jobs=1, progress=False)
    assert hashes(stopped) == hashes(library) and stopped.manifest.finished


@pytest.mark.parametrize("damage", ["missing", "shorter", "changed"])
def test_a_damaged_file_is_named_and_made_again(copy: Library, hashes: Hashes, damage: str) -> None:
    before, file = hashes(copy), copy.shards[1]
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        middle = len(whole) // 3
        file.write_bytes(whole[:-20] if damage == "shorter" else whole[:middle] + b"\xff" * 40 + whole[middle + 40 :])
    what = "missing" if damage == "missing" else "damaged"
    with pytest.raises(MolgenError, match=f"{file.name} is {what}.*--resume"):
        copy.query("SELECT * FROM molecules")
    copy.resume(jobs=1, progress=False)
    assert hashes(copy) == before and len(copy) == 150


def spoilt(file: Path) -> None:
    """The same number of bytes, and another end, where Parquet has its columns."""
    whole = file.read_bytes()
    file.write_bytes(whole[:-200] + b"\xff" * 200)


def test_damage_that_leaves_the_size_says_what_to_do(copy: Library, library: Library, tmp_path: Path) -> None:
    spoilt(copy.shards[1])
    for use in (
        lambda: copy.query("SELECT * FROM molecules"),
        lambda: copy.pick(3, jobs=1),
        lambda: Library.merge([library.path, copy.path], tmp_path / "all", jobs=1),
        lambda: Library(tmp_path / "new").build(5, exclude=copy.path, **SAME),
    ):
        with pytest.raises(
            MolgenError, match=r"00000001.parquet is damaged.*build \S*copy --resume makes its"
        ) as caught:
            use()
        assert len(str(caught.value).splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"copy"}


def test_damage_of_a_merged_library_says_what_to_do(library: Library, tmp_path: Path) -> None:
    merged = Library.merge([library.path, library.path], tmp_path / "all", jobs=1)
    merged.shards[0].write_bytes(b"")
    with pytest.raises(MolgenError, match=r"is damaged; merge the libraries again that \S*all is made of$"):
        merged.query("SELECT * FROM molecules")


@pytest.mark.parametrize(("name", "line"), [("manifest.json", ""), ("shards.jsonl", ", line 2,")])
def test_a_bad_byte_beside_the_shards_is_an_error(copy: Library, name: str, line: str) -> None:
    file = copy.path / name
    lines = file.read_bytes().split(b"\n")
    lines[1] = lines[1][:8] + b"\xff" + lines[1][8:]
    file.write_bytes(b"\n".join(lines))
    with pytest.raises(MolgenError, match=rf"{name}{line} is damaged: .*; (remove the line, and|put a copy)") as caught:
        copy.query("SELECT * FROM molecules")
    assert len(str(caught.value).splitlines()) == 1
    if name == "shards.jsonl":
        del lines[1]
        file.write_bytes(b"\n".join(lines))
        assert len(copy.resume(jobs=1, progress=False)) == 150


@pytest.mark.parametrize("name", ["nearest.npy", "excluded/0000.parquet"])
def test_damage_of_given_molecules_is_an_error(tmp_path: Path, name: str) -> None:
    known = tmp_path / "known.smi"
    known.write_text("CCO\n")
    made = Library(tmp_path / "lib").build(5, exclude=known, nearest=known, **SAME)
    (made.path / name).write_bytes(b"spoilt")
    with pytest.raises(MolgenError, match=rf"{name} is damaged: .*; put a copy in its place, or build another"):
        made.resume(90, jobs=1, progress=False)


def test_more_molecules_are_added_behind(library: Library, copy: Library, hashes: Hashes, tmp_path: Path) -> None:
    copy.resume(200, jobs=1, progress=False)
    assert smiles(copy)[:150] == smiles(library) and len(set(smiles(copy))) == 200
    at_once = Library(tmp_path / "at_once").build(200, **SAME)
    assert hashes(copy) == hashes(at_once)
    with pytest.raises(UsageError, match="begun for 200"):
        copy.resume(100)


def test_filter_and_conditions(tmp_path: Path) -> None:
    made = Library(tmp_path / "lib").build(
        20, model="qm9-graph", fragment="*C1CC1", atoms="..8", filter="heavy_atoms > 6", steps=8, jobs=1, progress=False
    )
    table = made.query("SELECT * FROM molecules")
    ring = Chem.MolFromSmarts("C1CC1")
    assert len(table) == 20 and set(table["heavy_atoms"]) <= {7, 8}
    assert all(Chem.MolFromSmiles(text).HasSubstructMatch(ring) for text in table["smiles"])
    assert set(table["conditions"]) == {"fragment=*C1CC1; atoms=..8"}
    counts = made.counts()
    assert counts["filtered"] > 0 and counts["not_needed"] > 0 and accounted(counts) == counts["valid"]


@pytest.mark.slow
def test_what_is_not_as_asked_counts_once(tmp_path: Path) -> None:
    made = Library(tmp_path / "lib").build(
        3,
        model="drugs-graph",
        properties={"logP": "2..3", "TPSA": "50..70"},
        without=("[#9]", "[#9]"),
        shard_attempts=48,
        jobs=1,
        progress=False,
    )
    counts = made.counts()
    failed = [counts.pop(name) for name in ("failed_logP", "failed_TPSA")]
    assert max(failed) <= counts["not_as_asked"] < sum(failed)
    assert counts["failed_without=[#9]"] > 0 and accounted(counts) == counts["valid"] > counts["kept"] == 3


@pytest.mark.slow
def test_excluded_molecules_do_not_come(library: Library, tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("\n".join(Chem.MolToSmiles(Chem.MolFromSmiles(s), doRandom=True) for s in smiles(library)[:50]))
    made = Library(tmp_path / "lib").build(100, exclude=[known], **SAME)
    assert smiles(made) == smiles(library)[50:]
    assert made.counts()["excluded"] >= 50 and made.manifest.excluded == {str(known): 50}
    other = Library(tmp_path / "other").build(40, exclude=library.path, **SAME)
    assert not set(smiles(other)) & set(smiles(library))


def test_given_molecules_that_cannot_be_used_are_counted_and_named(tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("CCO\nC1CC\nC.C\nCC(\n")
    with pytest.warns(LeftOutWarning) as caught:
        made = Library(tmp_path / "lib").build(5, exclude=known, nearest=known, **SAME)
    said = [str(one.message) for one in caught if one.category is LeftOutWarning]
    for name in ("known.smi", "reference known.smi"):
        assert any(text.startswith(f"{name}: 2 of 4 left out as unparsable; first: line 2, ") for text in said), said
        assert any(text.startswith(f"{name}: 1 of 4 left out as fragments; first: line 3, ") for text in said), said
    assert made.manifest.excluded == {str(known): 1}
    assert made.manifest.unusable == {str(known): {"unparsable": 2, "fragments": 1}}
    assert dict(summary(made))[f"not usable of {known}"] == "unparsable 2, fragments 1"


def test_a_file_of_which_nothing_can_be_used_is_refused(tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("C1CC\n")
    with pytest.raises(MolgenError, match=r"^nothing in known.smi can be used: 1 read, skipped: unparsable 1$"):
        Library(tmp_path / "lib").build(5, exclude=known, **SAME)
    assert not (tmp_path / "lib").exists()


def test_nearest_is_the_similarity_to_a_set(library: Library, tmp_path: Path) -> None:
    known = tmp_path / "known.smi"
    known.write_text("\n".join(smiles(library)[:40]))
    made = Library(tmp_path / "lib").build(60, nearest=known, **SAME)
    values = made.query("SELECT nearest FROM molecules ORDER BY attempt")["nearest"]
    assert set(values[:40]) == {1.0} and values[40:].between(0, 1).all() and values[40:].min() < 1


def test_a_library_built_again_in_its_place_has_its_own_training_set(tmp_path: Path) -> None:
    known, values = tmp_path / "known.smi", []
    for molecule in ("c1ccccc1", "CCO"):
        known.write_text(f"{molecule}\n")
        made = Library(tmp_path / "lib").build(20, nearest=known, **SAME)
        values.append(made.query("SELECT nearest FROM molecules ORDER BY attempt")["nearest"].tolist())
        shutil.rmtree(made.path)
    elsewhere = Library(tmp_path / "elsewhere").build(20, nearest=known, **SAME)
    assert values[1] == elsewhere.query("SELECT nearest FROM molecules ORDER BY attempt")["nearest"].tolist()
    assert values[0] != values[1]


def test_attempts_can_be_too_few(tmp_path: Path) -> None:
    made = Library(tmp_path / "lib")
    with pytest.raises(MolgenError, match=r"only .* of 100 molecules after 128 attempts.*max_attempts"):
        made.build(100, filter="heavy_atoms <= 8", max_attempts=100, **SAME)
    assert 0 < len(made) < 100 and not made.manifest.finished


def test_of_two_builders_one_is_refused(copy: Library) -> None:
    with pytest.raises(MolgenError, match="another process is building"):

        def second(kept: int, text: str) -> None:
            Library(copy.path).resume(200, jobs=1, progress=False)

        copy.resume(200, jobs=1, progress=second)


def test_a_library_that_was_begun_meanwhile_stays(tmp_path: Path, hashes: Hashes) -> None:
    first, known = Library(tmp_path / "lib"), tmp_path / "known.smi"
    known.write_text("CCO\n")
    first.path.mkdir()  # an empty folder is as good as none
    before: dict[str, str] = {}

    def begun_meanwhile() -> Iterator[Path]:
        first.build(20, **SAME)
        before.update(hashes(first))
        yield known

    with pytest.raises(UsageError, match="lib is a library; go on with it") as caught:
        Library(first.path).build(30, exclude=begun_meanwhile(), **{**SAME, "seed": 6})
    assert len(str(caught.value).splitlines()) == 1
    assert hashes(first) == before and len(first) == 20 and first.manifest.settings.seed == 5
    assert {path.name for path in tmp_path.iterdir()} == {"lib", "known.smi"}


def test_a_link_to_an_empty_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "large_disk").mkdir()
    (tmp_path / "lib").symlink_to(tmp_path / "large_disk")
    Library(tmp_path / "lib").build(5, **SAME)
    assert len(Library(tmp_path / "large_disk")) == 5 and (tmp_path / "lib").is_symlink()


def test_a_shard_that_is_written_and_not_yet_noted_is_not_damaged(copy: Library) -> None:
    note = copy.notes[1]
    attempts = copy.query(f"SELECT attempt FROM molecules WHERE attempt >= {note.first} ORDER BY attempt")["attempt"]
    lock = FileLock(copy.path / ".lock")
    with lock:  # of the process that builds it
        noted = drop(str(copy.path), note, {"repeated": attempts[:3].to_numpy()})
        with pytest.raises(MolgenError, match=r"is being built, .* again in a moment"):
            copy.query("SELECT * FROM molecules")
        late = threading.Timer(0.3, Folder(copy.path).add_note, [noted])
        late.start()
        assert len(copy.query("SELECT * FROM molecules")) == 147
        late.join()
        copy.shards[1].write_bytes(b"spoilt")
    with pytest.raises(MolgenError, match="is damaged"):
        copy.query("SELECT * FROM molecules")


def test_another_model_or_version_is_refused(copy: Library) -> None:
    file = copy.path / "manifest.json"
    before = json.loads(file.read_text())
    for change, said in (
        ({"versions": {**before["versions"], "rdkit": "1999.1"}}, "begun with rdkit 1999.1"),
        ({"settings": {**before["settings"], "weights_sha256": "0" * 64}}, "other weights"),
        ({"version": 99}, "format version 99"),
        ({"format": "something"}, "not a library"),
    ):
        file.write_text(json.dumps({**before, **change}))
        with pytest.raises(MolgenError, match=said):
            copy.resume(jobs=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"filter": "qedd > 1"}, "unknown column 'qedd'; did you mean QED"),
        ({"exclude": "nowhere.smi"}, "neither a file"),
        ({"model": "nowhere"}, "there is no model"),
        ({"fragment": "*c1"}, "fragment"),
        ({"properties": {"logP": (1, 3)}}, "cannot be asked for"),
        ({"engine": "spark"}, "there is no engine"),
        ({"address": "auto"}, "goes with the engine ray"),
        ({"n": 0}, "at least 1"),
        ({"n": 2.5}, "number of molecules must be a whole number"),
        ({"seed": "x"}, "the seed must be a whole number"),
        ({"batch_size": 0}, "the batch size must be at least 1"),
        ({"shard_attempts": 0}, "shard_attempts must be at least 1"),
        ({"max_attempts": 0}, "max_attempts must be at least 1"),
    ],
)
def test_bad_requests_leave_nothing(tmp_path: Path, arguments: dict[str, object], said: str) -> None:
    made = Library(tmp_path / "lib")
    with pytest.raises(UsageError, match=said):
        made.build(**{"n": 5, "model": MODEL, "progress": False, **arguments})
    assert not made.path.exists() and repr(made).endswith("not built)")


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    numbers = {"seed": np.int64(5), "shard_attempts": np.int32(64), "max_attempts": np.int64(64)}
    made = Library(tmp_path / "lib").build(np.int64(5), **{**SAME, **numbers}, batch_size=np.int16(64))
    made.resume(np.int64(6), max_attempts=np.int64(64), jobs=1, progress=False)
    plain = Library(tmp_path / "plain").build(6, **SAME, batch_size=64)
    assert smiles(made) == smiles(plain) and made.manifest.settings == plain.manifest.settings
    assert len(made.pick(np.int64(3), jobs=1)) == 3


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        Library(tmp_path).build(5, model=MODEL)
    with pytest.raises(UsageError, match="not a library"):
        Library(tmp_path).query("SELECT 1")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
