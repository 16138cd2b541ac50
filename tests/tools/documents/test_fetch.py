from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.repositories import RepositoryBuilder

from seedbed.documents import fetch
from seedbed.documents.fetch import FetchPolicy, checked_address, fetch_commit
from seedbed.documents.read_documents import read_documents
from seedbed.errors import UsageError
from seedbed.taxonomy.leaf import DocumentSource
from seedbed.taxonomy.repository import Repository

LOOPBACK = FetchPolicy(protocol="http", private_addresses=True, hosts=None, seconds=20)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class SmartServer(http.server.BaseHTTPRequestHandler):
    """git's smart protocol over HTTP, by `git upload-pack` itself."""

    repository: Path
    requests: list[str]
    redirect: str | None = None
    endless = False
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.requests.append(self.path)
        if self.redirect is not None:
            self.send_response(302)
            self.send_header("Location", self.redirect + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        advertised = self.upload_pack("--advertise-refs")
        self.reply("advertisement", b"001e# service=git-upload-pack\n0000" + advertised)

    def do_POST(self) -> None:
        self.requests.append(self.path)
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(iter(self.chunk, b""))
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.endless:
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-result")
            self.end_headers()
            self.stopped.wait(30)
            self.close_connection = True
            return
        self.reply("result", self.upload_pack(body=body))

    stopped = threading.Event()

    def chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def upload_pack(self, *options: str, body: bytes = b"") -> bytes:
        protocol = self.headers.get("Git-Protocol", "")
        return subprocess.run(
            ["git", "upload-pack", "--stateless-rpc", *options, str(self.repository)],
            input=body,
            stdout=subprocess.PIPE,
            env={**os.environ, "GIT_PROTOCOL": protocol},
            check=True,
        ).stdout

    def reply(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-git-upload-pack-{kind}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serving(repository: Path, **fields: object) -> Iterator[tuple[str, list[str]]]:
    requests: list[str] = []
    stopped = threading.Event()
    handler = type(
        "Handler",
        (SmartServer,),
        {"repository": repository, "requests": requests, "stopped": stopped, **fields},
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/books", requests
    finally:
        stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def books(tmp_path: Path) -> RepositoryBuilder:
    """A repository with two commits, a link that points at a secret, a file above the limit, and filters allowed."""
    builder = RepositoryBuilder(tmp_path / "books")
    builder.write("docs/velm.md", "# Velm, first\n")
    builder.commit()
    builder.write("docs/velm.md", "# Velm\n")
    builder.write("docs/huge.md", os.urandom(3 << 20))
    (builder.path / "docs" / "leak.md").symlink_to("/proc/self/environ")
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        builder.git.config[name] = "true"
    builder.commit()
    return builder


def head(builder: RepositoryBuilder) -> str:
    return Repository.open(builder.path).head()


def test_a_pinned_commit_is_fetched_once_and_read_by_name(
    books: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAXIMUM_BLOB_BYTES", 1 << 20)
    here = RepositoryBuilder(tmp_path / "here")
    commit = head(books)
    with serving(books.path) as (url, requests):

        def read(*patterns: str) -> list[tuple[str, str]]:
            found = read_documents(
                Repository.open(here.path),
                commit=None,
                leaf_path="taxonomy/knowledge/velm/qna.yaml",
                source=DocumentSource(patterns, url, commit),
                cache=tmp_path / "cache",
                policy=LOOPBACK,
            )
            return [(document.path, document.text) for document in found]

        assert read("docs/velm.md") == [("docs/velm.md", "# Velm\n")]
        asked = len(requests)
        assert asked > 0
        with pytest.raises(UsageError, match="a link"):
            read("docs/leak.md")
        with pytest.raises(UsageError, match=r"docs/huge\.md is larger"):
            read("docs/*.md")
        assert len(requests) == asked
    assert read("docs/velm.md") == [("docs/velm.md", "# Velm\n")]  # the server is gone


def test_nothing_is_checked_out_and_the_big_file_is_not_even_fetched(
    books: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAXIMUM_BLOB_BYTES", 1 << 20)
    with serving(books.path) as (url, _):
        place = fetch_commit(url, head(books), cache=tmp_path / "cache", policy=LOOPBACK)
    names = {path.name for path in place.rglob("*")}
    assert not names & {"velm.md", "huge.md", "leak.md"}
    assert sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) < 1 << 20
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [place.name]


def test_an_unknown_commit_is_refused_and_leaves_nothing(books: RepositoryBuilder, tmp_path: Path) -> None:
    with serving(books.path) as (url, _), pytest.raises(UsageError, match="could not be fetched"):
        fetch_commit(url, COMMIT, cache=tmp_path / "cache", policy=LOOPBACK)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_branch_that_is_named_like_a_commit_is_not_taken_for_one(
    books: RepositoryBuilder, tmp_path: Path
) -> None:
    books.branch(COMMIT)
    with serving(books.path) as (url, _), pytest.raises(UsageError, match="could not be fetched"):
        fetch_commit(url, COMMIT, cache=tmp_path / "cache", policy=LOOPBACK)


def test_a_redirect_is_not_followed(books: RepositoryBuilder, tmp_path: Path) -> None:
    with serving(books.path) as (target, asked):
        elsewhere = target.removesuffix("/books")
        with (
            serving(books.path, redirect=elsewhere) as (url, _),
            pytest.raises(UsageError, match="could not be fetched"),
        ):
            fetch_commit(url, head(books), cache=tmp_path / "cache", policy=LOOPBACK)
        assert asked == []


def test_a_server_that_never_ends_meets_the_time_limit(books: RepositoryBuilder, tmp_path: Path) -> None:
    policy = FetchPolicy(protocol="http", private_addresses=True, hosts=None, seconds=1.0)
    with serving(books.path, endless=True) as (url, _), pytest.raises(UsageError, match="within 1 s"):
        fetch_commit(url, head(books), cache=tmp_path / "cache", policy=policy)
    assert list((tmp_path / "cache").iterdir()) == []


def test_more_bytes_than_allowed_are_not_kept(books: RepositoryBuilder, tmp_path: Path) -> None:
    books.git.config["uploadpack.allowFilter"] = "false"  # such a server sends everything
    policy = FetchPolicy(
        protocol="http", private_addresses=True, hosts=None, seconds=20, maximum_bytes=1 << 20
    )
    with (
        serving(books.path) as (url, _),
        pytest.raises(UsageError, match="could not be fetched"),
    ):
        fetch_commit(url, head(books), cache=tmp_path / "cache", policy=policy)
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_users_git_configuration_has_no_say(
    books: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rewriting rule in the user's configuration would send the request elsewhere."""
    configuration = tmp_path / "gitconfig"
    configuration.write_text('[url "file:///nowhere/"]\n\tinsteadOf = http://\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    with serving(books.path) as (url, _):
        assert fetch_commit(url, head(books), cache=tmp_path / "cache", policy=LOOPBACK).is_dir()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc",
        "/etc",
        "ext::sh -c touch% /tmp/pwned",
        "--upload-pack=touch /tmp/pwned",
        "ssh://-oProxyCommand=x/y",
        "git@github.com:a/b",
        "git://example.org/a",
        "http://example.org/a",
        "https://user:secret@example.org/a",
        "https://example.org/a?token=secret",
        "https://example.org/a#secret",
        "https://example.org/a/../b",
        "https://-example.org/a",
        "https://example.org:99999/a",
        "https://example.org/",
        "https:///a",
        "https://example.org/a b",
        "https://example.org/a\n",
        "https://ex\u00e4mple.org/a",
        "https://example.org/" + "a" * 500,
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the documents' repository") as raised:
        fetch_commit(url, COMMIT, cache=tmp_path, policy=FetchPolicy())
    assert "secret" not in f"{raised.value.message}{raised.value.hint}"


@pytest.mark.parametrize(
    "commit",
    ["", "main", "HEAD", COMMIT[:12], COMMIT + "\n", COMMIT.upper(), "--orphan=x", "--pathspec-from-file=/x"],
)
def test_a_commit_that_is_no_full_id_is_refused(commit: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a full commit id"):
        fetch_commit("https://example.org/a", commit, cache=tmp_path, policy=FetchPolicy())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "192.168.1.1", "2130706433"]
)
def test_a_host_inside_is_refused(host: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not on the public internet"):
        fetch_commit(f"https://{host}/a", COMMIT, cache=tmp_path, policy=FetchPolicy(hosts=None))


@pytest.mark.parametrize("host", ["example.org", "github.com.example.org", "raw.github.com", "127.0.0.1"])
def test_only_the_hosts_of_the_list_are_asked(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("its name was looked up"))
    with pytest.raises(UsageError, match="is not among those") as raised:
        fetch_commit(f"https://{host}/a", COMMIT, cache=tmp_path, policy=FetchPolicy())
    assert raised.value.hint is not None and "[documents] hosts" in raised.value.hint


def test_a_server_that_talks_without_end_is_bounded(
    books: RepositoryBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = tmp_path / "git"
    noisy.write_text('#!/bin/sh\n[ "$1" = init ] && exit 0\nyes talk | head -c 9000000 >&2\nexit 1\n')
    noisy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    policy = FetchPolicy(protocol="http", private_addresses=True, hosts=None, maximum_bytes=1 << 20)
    (tmp_path / "cache").mkdir()
    with pytest.raises(UsageError, match="could not be fetched") as raised:
        fetch_commit("http://127.0.0.1/books", COMMIT, cache=tmp_path / "cache", policy=policy)
    assert len(raised.value.message) < 400


def test_an_address_is_rebuilt_from_its_parts() -> None:
    assert (
        checked_address("https://GitHub.com./Owner/name/", FetchPolicy()) == "https://github.com/Owner/name"
    )
    assert checked_address("https://h.org:8443/a.git", FetchPolicy()) == "https://h.org:8443/a.git"
