import pytest
from support.repositories import ATTRIBUTION, SKILL, RepositoryBuilder

from seedbed.checking.taxonomy_place import require_taxonomy
from seedbed.config import read_settings
from seedbed.errors import ConfigurationError
from seedbed.taxonomy.repository import Repository


@pytest.fixture
def repository(tmp_path):
    builder = RepositoryBuilder(tmp_path)
    builder.write("notes/readme.md", "hello\n")
    builder.commit("Notes")
    return Repository.open(tmp_path)


def test_the_default_place_may_be_empty_yet(repository):
    require_taxonomy(repository, "taxonomy", (None,))


def test_any_other_place_must_be_there(repository):
    require_taxonomy(repository, "notes", (None,))
    with pytest.raises(ConfigurationError, match="root is 'nope', but there is no such folder") as caught:
        require_taxonomy(repository, "nope", (None, repository.head()))
    assert 'such as "taxonomy"' in (caught.value.hint or "")


def test_branches_at_the_top_are_noticed(tmp_path):
    builder = RepositoryBuilder(tmp_path)
    builder.write("compositional_skills/writing/haiku/qna.yaml", SKILL)
    builder.write("compositional_skills/writing/haiku/attribution.txt", ATTRIBUTION)
    builder.commit("A leaf")
    repository = Repository.open(tmp_path)
    require_taxonomy(repository, ".", (None,))
    with pytest.raises(ConfigurationError) as caught:
        require_taxonomy(repository, "taxonomy", (None,))
    assert 'root = "."' in (caught.value.hint or "")


@pytest.mark.parametrize("root", ["../..", "/etc", "a/../b"])
def test_a_place_outside_is_refused(root):
    with pytest.raises(ConfigurationError, match="leads out of the repository"):
        read_settings(f'[taxonomy]\nroot = "{root}"\n', source="seedbed.toml")
