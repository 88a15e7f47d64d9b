import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from veristone.generators.seeds.sources import licences as module
from veristone.generators.seeds.sources.licences import (
    LicencePolicy,
    LicenceSetting,
    all_normalised,
    normalised,
)

DATA = tomllib.loads(Path(module.__file__).with_name("licences.toml").read_text())
PERMISSIVE, OTHERS = DATA["permissive"].split(), DATA["others"].split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("MIT License", "MIT"),
        ("The MIT License (MIT)", "MIT"),
        ("MIT License\n\nCopyright (c) somebody\n", "MIT"),
        ("apache-2.0", "Apache-2.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("BSD 3-Clause", "BSD-3-Clause"),
        ("BSD-3-Clause License", "BSD-3-Clause"),
        ("New BSD License", "BSD-3-Clause"),
        ("BSD (2 clause)", "BSD-2-Clause"),
        ("BSD", "LicenseRef-BSD"),
        ("GPLv3", "GPL-3.0-only"),
        ("gpl-3.0", "GPL-3.0-only"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("GNU Lesser General Public License v2.1 or later", "LGPL-2.1-or-later"),
        ("AGPL-3.0", "AGPL-3.0-only"),
        ("GNU GPL", "LicenseRef-GPL"),
        ("UNKNOWN", ""),
        ("NOASSERTION", ""),
        ("", ""),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
        ("MIT, BSD-3-Clause", "MIT AND BSD-3-Clause"),
        ("(mit AND zlib) OR GPL-2.0+", "(MIT AND Zlib) OR GPL-2.0-or-later"),
        ("GPL-2.0-or-later OR MIT", "GPL-2.0-or-later OR MIT"),
        ("GPL or LGPL", "LicenseRef-GPL OR LicenseRef-LGPL"),
        ("Apache-2.0 with LLVM-exception", "Apache-2.0 WITH LLVM-exception"),
        ("MIT-style", "MIT-style"),
        ("see LICENSE", "see LICENSE"),
    ],
)
def test_what_corpora_write(words, expected):
    assert normalised(words) == expected
    assert normalised(expected) == expected


def test_every_identifier_is_found_in_any_case():
    for name in (*PERMISSIVE, *OTHERS):
        assert normalised(name) == normalised(name.lower()) == normalised(name.upper()) == name


def test_the_tables_do_not_contradict_one_another():
    known = {*PERMISSIVE, *OTHERS}
    assert len(known) == len(PERMISSIVE) + len(OTHERS)
    assert set(DATA["aliases"].values()) <= known
    assert set(DATA["silent"]).isdisjoint(DATA["aliases"])


REFUSED = "licence_not_allowed"


@pytest.mark.parametrize(
    ("setting", "licences", "reason"),
    [
        ("permissive", ["MIT"], None),
        ("permissive", ["GPL-3.0-only"], REFUSED),
        ("permissive", [], "licence_unknown"),
        ("permissive", ["MIT", "Apache-2.0"], None),
        ("permissive", ["MIT", "GPL-3.0"], REFUSED),  # all of them must be allowed
        ("permissive", ["MIT OR GPL-3.0"], None),
        ("permissive", ["MIT AND GPL-3.0"], REFUSED),
        ("permissive", ["GPL-2.0 OR MIT AND Zlib"], None),
        ("permissive", ["(GPL-2.0 OR MIT) AND LGPL-3.0"], REFUSED),
        ("permissive", ["Apache-2.0 WITH LLVM-exception"], None),
        ("permissive", ["GPL-2.0 WITH Classpath-exception-2.0"], REFUSED),
        ("permissive", ["Apache-2.0+"], None),
        ("permissive", ["Proprietary"], REFUSED),
        ("permissive", ["some words of their own"], REFUSED),
        ("permissive", ["MIT AND"], REFUSED),
        ("permissive", ["AND"], REFUSED),
        ("permissive", ["MIT ではない"], REFUSED),
        ({"unknown": "allow"}, ["独自"], REFUSED),
        ("permissive", [")("], "licence_unknown"),
        ("any", [], None),
        ("any", ["Proprietary"], None),
        (["mit"], ["MIT"], None),
        (["MIT"], ["Apache-2.0"], REFUSED),
        (["MIT"], [], "licence_unknown"),
        (["permissive", "MPL 2.0"], ["MPL-2.0", "MIT"], None),
        (["GPL-3.0"], ["GPL-3.0-or-later"], None),
        (["GPL-3.0-or-later"], ["GPL-3.0-only"], REFUSED),
        (["some words of their own"], ["Some words of their own"], None),
        ({"unknown": "allow"}, [], None),
        ({"unknown": "allow"}, ["GPL-3.0"], REFUSED),
        ({"unknown": "allow"}, ["words"], REFUSED),  # known, but not to us
        ({"allow": ["MIT"], "unknown": "allow"}, ["Zlib"], REFUSED),
    ],
)
def test_policies(setting, licences, reason):
    class Recipe(BaseModel):
        licences: LicenceSetting

    policy = Recipe.model_validate({"licences": setting}).licences
    refusal = policy.refusal(all_normalised(licences))
    assert (refusal.reason if refusal else None) == reason


@pytest.mark.parametrize("setting", [{"allow": 3}, {"unknown": "maybe"}, {"permit": ["MIT"]}])
def test_policies_that_are_none(setting):
    with pytest.raises(ValidationError):
        LicencePolicy.model_validate(setting)


WORDS = st.sampled_from(["MIT", "mit", "GPL-2.0", "(", ")", "AND", "or", "WITH", "a/b", ","])


@given(st.one_of(st.text(), st.lists(WORDS).map(" ".join)))
@example("(" * 100_000 + "MIT")
@example("MIT OR " * 100_000)
def test_any_words_are_normalised_once_and_judged(words):
    once = normalised(words)
    assert normalised(once) == once
    assert "\n" not in once
    assert len(once) <= 600
    once.encode()
    LicencePolicy().refusal(all_normalised([words]))
