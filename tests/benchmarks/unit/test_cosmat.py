"""CoSMat's benchmark: its measures by hand, and each data set and kind of features, very small."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from placelens.alignment import GeneralizedMultiviewAnalysis, NetworkFeatures
from placelens.cli.main import app
from placelens.errors import InputError, ReadError
from placelens.evaluation.splits import PARTS, Splits, content_hash
from placelens.testing.fakes import HashEncoder
from placelens.types import Float32Array, UInt8Array
from placelens_bench import cosmat, cosmat_data, cosmat_plots
from placelens_bench.cosmat_data import Views
from placelens_bench.cosmat_features import Source
from placelens_bench.tables import _chosen

COLOURS = {"red": (220, 30, 30), "green": (40, 160, 50), "blue": (40, 70, 200)}
KINDS = ("old", "narrow", "quiet", "broken")
LEARNT = {"CM", "SM", "SCM", "GMLDA", "GMMFA"}


class CountingEncoder(HashEncoder):
    """Remembers how many images and texts it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.n_images = self.n_texts = 0

    def encode_images(self, images: UInt8Array) -> Float32Array:
        self.n_images += len(images)
        return super().encode_images(images)

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        self.n_texts += len(texts)
        return super().encode_texts(texts)


def _write_image(path: Path, colour: str, seed: int) -> None:
    """A square of about one colour, grainy so that it has keypoints and bytes of its own."""
    grain = (
        np.random.default_rng(seed).integers(-40, 41, size=(24, 24, 1)).repeat(5, 0).repeat(5, 1)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.clip(np.array(COLOURS[colour]) + grain, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def rsicd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data with 36 images of three colours, a third in each part of the split."""
    folder = tmp_path / "data" / "rsicd"
    hashes: dict[str, set[str]] = {part: set() for part in PARTS}
    lines = []
    for number in range(36):
        colour = list(COLOURS)[number % 3]
        name = f"images/{number}.png"
        _write_image(folder / name, colour, number)
        hashes[PARTS[number // 12]].add(content_hash(folder / name))
        kind = KINDS[number // 3 % 4]
        captions = [f"a {colour} {kind} roof", f"{colour} ground beside {colour} sheds"]
        lines.append({"image": name, "class": f"{colour} scene", "captions": captions})
    (folder / "pairs.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    parts = {part: frozenset(of_part) for part, of_part in hashes.items()}
    monkeypatch.setattr(Splits, "load", lambda: Splits(parts={"rsicd": parts}))
    return tmp_path / "data"


def _write_table(path: Path, rows: Sequence[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def travel(tmp_path: Path) -> Path:
    """Photos of three countries that take part, of one that has too few and of one without sites;
    three sites of each, and one of two countries.
    """
    countries = {"Italy": "red", "United States": "green", "Ghana": "blue"}
    photos = []
    for country, n_photos in {**dict.fromkeys(countries, 6), "Peru": 3, "Bahamas": 6}.items():
        colour = countries.get(country, "red")
        for number in range(n_photos):
            name = f"{country}{number}.png"
            _write_image(tmp_path / "travel_photos" / "images" / name, colour, len(photos))
            title = f"{colour} street {number}"
            told = f"{KINDS[number % 4]} houses in {country} with {colour} walls"
            photos.append({"image": name, "title": title, "description": told, "country": country})
    sites = [
        {"name_en": f"{colour} palace {number}", "description_en": f"{colour} walls", "country": of}
        for country, colour in {**countries, "Peru": "red"}.items()
        for number in range(3)
        for of in [cosmat_data.SITE_NAMES.get(country, country)]
    ]
    sites.append({"name_en": "Alps", "description_en": "red rocks", "country": "Italy,Austria"})
    _write_table(tmp_path / "travel_photos" / "photos.csv", photos)
    _write_table(tmp_path / "unesco_sites" / "sites.csv", sites)
    return tmp_path


@pytest.fixture
def wikipedia(tmp_path: Path) -> Path:
    """Shares that tell two categories apart, in the benchmark's own files."""
    from scipy.io import savemat

    folder = tmp_path / cosmat_data.WIKIPEDIA
    folder.mkdir()
    rng = np.random.default_rng(0)
    arrays = {}
    for suffix, name, n in (("tr", "trainset", 60), ("te", "testset", 20)):
        classes = np.arange(n) % 2
        for view, width in (("I", 16), ("T", 12)):
            strength = np.where(np.arange(width) % 2 == classes[:, None], 4.0, 1.0)
            shares = rng.gamma(strength)
            arrays[f"{view}_{suffix}"] = shares / shares.sum(axis=1, keepdims=True)
        lines = "".join(f"text{row}\timage{row}\t{c + 1}\n" for row, c in enumerate(classes))
        (folder / f"{name}_txt_img_cat.list").write_text(lines, encoding="utf-8")
    savemat(folder / "raw_features.mat", arrays)
    return tmp_path


def test_both_ways_ask_rows_and_columns() -> None:
    classes = np.array([0, 0, 1])
    # Images 0 and 1 find their class first; image 2 finds its text last.
    scores = np.array([[0.9, 0.8, 0.1], [0.7, 0.9, 0.2], [0.9, 0.8, 0.1]])
    found = cosmat.both_ways(scores, classes)
    assert found["i2t"] == pytest.approx(100 * (1 + 1 + 1 / 3) / 3)
    # Text 2 finds image 1, which is not its own, before image 2 or image 0, which are equal.
    assert found["mean"] == pytest.approx((found["i2t"] + found["t2i"]) / 2)
    assert found["t2i"] == pytest.approx(cosmat.both_ways(scores.T, classes)["i2t"])


def test_texts_that_are_no_pairs_have_classes_of_their_own() -> None:
    # Image 0 finds its two texts at ranks 1 and 3; image 1 has none of its class and is left out.
    scores = np.array([[0.9, 0.5, 0.1, 0.0], [0.9, 0.5, 0.2, 0.1]])
    images, texts = np.array([0, 2]), np.array([0, 1, 0, 3])
    found = cosmat.both_ways(scores, images, texts)
    assert found["i2t"] == pytest.approx(100 * (1 + 2 / 3) / 2)
    # Text 0 finds both images equally good, text 2 its own second; texts 1 and 3 have no image.
    assert found["t2i"] == pytest.approx(100 * (0.75 + 0.5) / 2)
    counts = cosmat.confusion_counts(scores, images, texts, size=4, n_first=2)
    assert counts.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    precision = cosmat.precision_at_recalls(scores, images, texts)
    assert precision == pytest.approx([1.0] * 6 + [2 / 3] * 5)


def test_confusion_counts_the_first_results() -> None:
    classes = np.repeat([0, 1], 30)
    own = np.equal.outer(classes, classes).astype(np.float64)
    for scores, expected in ((own, [[600, 0], [0, 600]]), (-own, [[0, 600], [600, 0]])):
        counts = cosmat.confusion_counts(scores, classes, classes, size=2, n_first=20)
        assert counts.tolist() == expected


def test_precision_is_the_best_at_this_recall_or_a_higher_one() -> None:
    # One query class of two relevant at ranks 1 and 4 of 4 (and a class of two others).
    scores = np.array([[4.0, 1.0, 3.0, 2.0]] * 4)
    classes = np.array([0, 0, 1, 1])
    found = cosmat.precision_at_recalls(scores, classes, classes)
    # Class 0: precision 1 at rank 1, 1/2 at rank 4. Class 1: ranks 2 and 3, so 2/3 throughout.
    assert found[:6] == pytest.approx([(1 + 2 / 3) / 2] * 6)
    assert found[6:] == pytest.approx([(1 / 2 + 2 / 3) / 2] * 5)


def test_roots_of_shares_only() -> None:
    views = Views(
        images=np.full((2, 1), -4.0),
        texts=np.full((2, 1), 9.0),
        classes=np.arange(2),
        shares=("texts",),
    )
    assert (views.roots().images[0, 0], views.roots().texts[0, 0]) == (-4.0, 3.0)


def test_settings_fit_the_features() -> None:
    def views(n: int, *shares: cosmat_data.View) -> Views:
        return Views(
            images=np.ones((2, n)), texts=np.ones((2, 9)), classes=np.arange(2), shares=shares
        )

    for method in cosmat.METHODS.values():
        with_roots = list(method.settings(views(20, "images")))
        assert len({str(each) for each in with_roots}) == len(with_roots)
        without = list(method.settings(views(20)))
        assert 2 * len(without) == len(with_roots)
        assert not any("roots" in each for each in without)
    most = {
        name: max(each["n_components"] for each in cosmat.METHODS[name].settings(views(8)))
        for name in ("CM", "SCM", "GMLDA")
    }
    # The narrower view has 8, both together 17.
    assert most == {"CM": 8, "SCM": 8, "GMLDA": 12}


@pytest.fixture
def pairs() -> Views:
    rng = np.random.default_rng(0)
    return Views(
        images=rng.random((60, 6)) + np.eye(3, 6)[np.arange(60) % 3],
        texts=rng.random((60, 4)) + np.eye(3, 4)[np.arange(60) % 3],
        classes=np.arange(60) % 3,
    )


@pytest.mark.parametrize(
    ("name", "early", "late"),
    [
        ("SM", ("C", (0.01, 1.0)), ("centre", (False, True))),
        ("CM", ("regularization", (0.1, 1.0)), ("n_components", (1, 3))),
    ],
)
def test_settings_that_share_a_fit_score_as_if_they_did_not(
    pairs: Views,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    early: tuple[str, Sequence[float]],
    late: tuple[str, Sequence[int]],
) -> None:
    method = cosmat.METHODS[name]
    settings = [{early[0]: one, late[0]: other} for one in early[1] for other in late[1]]
    apart = [next(method.scores([each], pairs, pairs)) for each in settings]
    fits = []
    kind = type(method.make())
    fit = kind.fit
    monkeypatch.setattr(kind, "fit", lambda *given: fits.append(given) or fit(*given))
    together = list(method.scores(settings, pairs, pairs))
    np.testing.assert_allclose(together, apart, atol=1e-12)
    assert len(fits) == 2
    assert len({scores.tobytes() for scores in together}) == 4


def test_neighbours_are_looked_for_once_and_directions_are_those_of_fit(
    pairs: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    scatters = GeneralizedMultiviewAnalysis.scatters
    monkeypatch.setattr(
        GeneralizedMultiviewAnalysis,
        "scatters",
        lambda *given: looked.append(given) or scatters(*given),
    )
    settings = [
        {"alpha": alpha, "regularization": 0.5, "n_components": n}
        for alpha in (0.1, 100.0)
        for n in (1, 3)
    ]
    found = list(cosmat.METHODS["GMMFA"].scores(settings, pairs, pairs))
    assert len(looked) == 1
    for given, scores in zip(settings, found, strict=True):
        alone = GeneralizedMultiviewAnalysis("mfa", **given)
        alone.fit(pairs.images, pairs.texts, pairs.classes)
        expected = alone.embed_image(pairs.images) @ alone.embed_text(pairs.texts).T
        np.testing.assert_allclose(scores, expected, atol=1e-12)


def test_wikipedia(wikipedia: Path) -> None:
    result = cosmat.run(wikipedia, quick=True)
    assert (result["data"], result["n_train"], result["n_test"]) == ("wikipedia_crossmodal", 60, 20)
    assert set(result["methods"]) == {"random", *LEARNT}
    for name in LEARNT:
        figures = result["methods"][name]
        assert figures["mean"] > result["methods"]["random"]["mean"] + 10
        assert "roots" in figures["settings"]
    assert result["methods"]["SCM"]["published"]["i2t"] == 27.7
    assert result["methods"]["GMMFA"]["published"] is None
    with pytest.raises(InputError, match="'paper' need --dataset rsicd or travel"):
        cosmat.run(wikipedia, features="paper")


def test_rsicd_on_equal_features(rsicd: Path) -> None:
    result = cosmat.run(rsicd, dataset="rsicd", encoder=HashEncoder(), quick=True)
    assert (result["n_train"], result["n_test"], result["n_test_texts"]) == (12, 12, 12)
    assert result["categories"] == ["blue scene", "green scene", "red scene"]
    # The encoder knows these colours by name.
    assert result["methods"]["encoder"]["mean"] > 99
    assert result["methods"]["SCM"]["confusion_i2t"][0][0] == pytest.approx(4 / 12)
    for name in LEARNT:
        figures = result["methods"][name]
        assert (figures["image_features"], figures["text_features"]) == ("encoder", "encoder")
        assert "roots" not in figures["settings"]
        assert "published" not in figures
    assert result["methods"]["SM"]["mean"] > 95
    json.dumps(result)


def test_rsicd_as_in_the_paper(rsicd: Path) -> None:
    pytest.importorskip("cv2")
    result = cosmat.run(
        rsicd, dataset="rsicd", features="paper", encoder=HashEncoder(16), quick=True
    )
    assert set(result["methods"]) == {"random", *LEARNT}
    for name in LEARNT:
        figures = result["methods"][name]
        features = (
            ("encoder", "10 topics or 30 topics or 60 topics")
            if name == "SCM"
            else ("visual words", "words")
        )
        assert (figures["image_features"], figures["text_features"]) == features
        assert "roots" in figures["settings"]
    # Colours are seen by the encoder, and not by keypoints.
    means = {name: figures["mean"] for name, figures in result["methods"].items()}
    assert means["SCM"] > means["SM"] + 10


def test_a_network_of_ones_own_gives_features_of_the_paper(
    rsicd: Path, tmp_path: Path, make_network: Callable[..., np.ndarray]
) -> None:
    pytest.importorskip("cv2")
    make_network(tmp_path / "net.onnx")
    network = NetworkFeatures(tmp_path / "net.onnx", "fc7")
    options = {"dataset": "rsicd", "encoder": HashEncoder(16), "network": network, "quick": True}
    result = cosmat.run(rsicd, features="paper", work=tmp_path / "work", **options)
    assert result["methods"]["SCM"]["image_features"] == "layer of a network"
    assert result["methods"]["SM"]["image_features"] == "visual words"
    # Means of the channels tell colours apart.
    assert result["methods"]["SCM"]["mean"] > result["methods"]["SM"]["mean"] + 10
    with pytest.raises(InputError, match="with features 'equal' it has no use"):
        cosmat.run(rsicd, features="equal", **options)
    options["network"] = NetworkFeatures(tmp_path / "gone.onnx")
    with pytest.raises(ReadError, match=r"gone\.onnx cannot be read as an ONNX network"):
        cosmat.run(rsicd, features="paper", **options)


def test_settings_are_chosen_on_the_validation_part(rsicd: Path) -> None:
    loaded = cosmat_data.load("rsicd", rsicd, features="equal", encoder=HashEncoder())
    (described,) = loaded.methods["SCM"]
    (only,) = described.rounds
    ((kept, held),) = only.choosing
    assert kept is only.train
    parts = [{row.tobytes() for row in views.images} for views in (kept, held, only.test)]
    assert [len(part) for part in parts] == [12, 12, 12]
    assert len(set.union(*parts)) == 36


def test_travel_on_equal_features(travel: Path) -> None:
    result = cosmat.run(travel, dataset="travel", encoder=HashEncoder(16), quick=True)
    # Peru has too few photos, the Bahamas no site.
    assert result["categories"] == ["Ghana", "Italy", "United States"]
    assert (result["n_test"], result["n_test_texts"], result["n_rounds"]) == (18, 9, 5)
    assert result["methods"]["encoder"]["mean"] > 99
    figures = result["methods"]["SM"]
    assert len(figures["settings"]) == len(figures["by_round"]) == 5
    assert figures["i2t"] == pytest.approx(np.mean([each["i2t"] for each in figures["by_round"]]))
    assert figures["mean"] > result["methods"]["random"]["mean"] + 10


def test_travel_as_in_the_paper(travel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cv2")
    monkeypatch.setattr(cosmat_data, "N_FOLDS", 2)  # words and topics are learnt in each
    result = cosmat.run(
        travel, dataset="travel", features="paper", encoder=HashEncoder(16), quick=True
    )
    assert len(result["methods"]["CM"]["settings"]) == 2
    assert result["methods"]["CM"]["image_features"] == "visual words"
    assert result["methods"]["SCM"]["image_features"] == "encoder"
    json.dumps(result)


def test_each_photo_is_asked_once_by_what_never_saw_it(travel: Path) -> None:
    loaded = cosmat_data.load("travel", travel, features="equal", encoder=HashEncoder(), work=None)
    asked = []
    for each in loaded.methods["CM"][0].rounds:
        held = {row.tobytes() for row in each.test.images}
        learnt = {row.tobytes() for row in each.train.images}
        assert not held & learnt
        for kept, inner in each.choosing:
            assert {row.tobytes() for row in (*kept.images, *inner.images)} == learnt
        asked += sorted(held)
        assert np.bincount(each.test.text_classes).tolist() == [3, 3, 3]
    assert len(asked) == len(set(asked)) == 18


def test_features_are_kept_and_made_of_nothing_but_what_they_are_fitted_to(
    rsicd: Path, tmp_path: Path
) -> None:
    encoder, work = CountingEncoder(), tmp_path / "work"
    given = {"dataset": "rsicd", "encoder": encoder, "work": work, "quick": True}
    first = cosmat.run(rsicd, **given)
    # Fifteen captions that differ, each encoded once.
    assert (encoder.n_images, encoder.n_texts) == (36, 15)
    assert cosmat.run(rsicd, **given) == first
    assert (encoder.n_images, encoder.n_texts) == (36, 15)
    for path in work.iterdir():
        path.write_bytes(b"not an array")
    with pytest.raises(InputError, match="delete it, and it is made anew"):
        cosmat.run(rsicd, **given)


def test_words_and_topics_are_learnt_from_the_first_part_only(rsicd: Path) -> None:
    pytest.importorskip("cv2")
    source = Source(encoder=HashEncoder())
    paths = [rsicd / "rsicd" / "images" / f"{number}.png" for number in range(12)]
    one, other = (source.visual_words(paths[:6], more) for more in (paths[6:8], paths[8:]))
    np.testing.assert_array_equal(one[0], other[0])
    assert [len(part) for part in (*one, *other)] == [6, 2, 6, 4]
    texts = ["boats in a harbour", "a harbour with boats", "a pitch", "the pitch"]
    for learn in (partial(source.topics, 10), source.words):
        one, other = (learn(texts, more) for more in (["boats"], ["pitch", "a b"]))
        np.testing.assert_array_equal(one[0], other[0])
        assert [len(part) for part in (*one, *other)] == [4, 1, 4, 2]


def test_the_json_has_the_methods_at_its_top(wikipedia: Path) -> None:
    given = ["bench", "cosmat", "--data", str(wikipedia), "--quick"]
    printed = CliRunner().invoke(app, [*given, "--json"])
    methods = json.loads(printed.stdout)
    assert set(methods) == {"random", *LEARNT}
    for figures in methods.values():
        assert {"i2t", "t2i", "mean", "published"} <= set(figures)
        assert (figures["data"], figures["n_test"]) == ("wikipedia_crossmodal", 20)
        assert "methods" not in figures
    table = CliRunner().invoke(app, given).stdout
    assert "wikipedia_crossmodal, equal features, 20 test images, 20 texts" in table
    assert f"{methods['SCM']['mean']:.1f}" in table
    assert "alpha=" in table


def test_options_of_the_command(wikipedia: Path) -> None:
    given = ["bench", "cosmat", "--data", str(wikipedia), "--quick"]
    refused = CliRunner().invoke(app, [*given, "--features", "paper"])
    assert refused.exit_code == 1
    assert "need --dataset rsicd or travel" in refused.stderr
    refused = CliRunner().invoke(app, [*given, "--dataset", "flickr"])
    assert "no data set 'flickr'" in refused.stderr
    refused = CliRunner().invoke(app, ["bench", "scan", "--dataset", "rsicd"])
    assert "--dataset is an option of the benchmark 'cosmat' only" in refused.stderr


def test_settings_of_several_rounds_stand_side_by_side() -> None:
    assert _chosen([{"C": 0.1, "centre": True}, {"C": 1.0, "centre": True}]) == (
        "C=0.1/1.0 centre=True/True"
    )
    assert _chosen({"C": 0.1}) == "C=0.1"


def test_figures_are_named_after_their_data(rsicd: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    result = cosmat.run(rsicd, dataset="rsicd", encoder=HashEncoder(16), quick=True)
    paths = cosmat_plots.draw(result, tmp_path / "figures")
    assert [path.name for path in paths] == [
        "cosmat_rsicd_precision.png",
        "cosmat_rsicd_confusion.png",
    ]
    assert all(path.stat().st_size > 10_000 for path in paths)
    (first, _) = cosmat_plots.draw({**result, "features": "paper"}, tmp_path / "figures")
    assert first.name == "cosmat_rsicd_paper_precision.png"


def test_what_is_wrong_with_the_data_is_named(rsicd: Path, travel: Path, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"raw_features\.mat cannot be read"):
        cosmat.run(tmp_path)
    with pytest.raises(InputError, match="no data set 'flickr'; there are: wikipedia, rsicd"):
        cosmat.run(tmp_path, dataset="flickr")
    with pytest.raises(InputError, match="no features 'best'; there are: equal, paper"):
        cosmat.run(tmp_path, features="best")

    def ask(dataset: str, data: Path) -> None:
        cosmat.run(data, dataset=dataset, encoder=HashEncoder())

    with pytest.raises(ReadError, match=r"photos\.csv"):
        ask("travel", tmp_path / "nowhere")
    table = tmp_path / "unesco_sites" / "sites.csv"
    _write_table(table, [{"name_en": "a", "description_en": "b", "country": "Peru"}])
    with pytest.raises(InputError, match="has 0 countries with 4 photos"):
        ask("travel", travel)
    _write_table(table, [{"name_en": "a", "country": "Peru"}])
    with pytest.raises(ReadError, match="lacks the columns description_en"):
        ask("travel", travel)
    lines = rsicd / "rsicd" / "pairs.jsonl"
    written = lines.read_text(encoding="utf-8")
    lines.write_text(written.replace('"class"', '"kind"', 1), encoding="utf-8")
    with pytest.raises(InputError, match=r'images/0\.png has no "class"'):
        ask("rsicd", rsicd)
    lines.write_text("\n".join(written.splitlines()[:12]), encoding="utf-8")
    with pytest.raises(InputError, match=r"none of the 12 images .* in part 'test'"):
        ask("rsicd", rsicd)
