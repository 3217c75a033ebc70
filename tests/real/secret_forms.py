"""Forty forms of a secret, each with a mark that nothing else has."""

from __future__ import annotations

MARK = "zq9x"


def _secret(number: int) -> str:
    return f"{MARK}{number:02}kfw"


def _of(template: str, number: int) -> str:
    return template.replace("S3CRET", _secret(number))


HOST = "127.0.0.1:9"
# As an address of an index, of a channel, and of what a requirement names.
ADDRESSES = [
    _of(text, number)
    for number, text in enumerate(
        [
            f"https://me:S3CRET@{HOST}/simple",
            f"https://S3CRET@{HOST}/simple",
            f"https://S3CRET:@{HOST}/simple",
            f"https://:S3CRET@{HOST}/simple",
            f"HTTPS://ME:S3CRET@{HOST}/Simple",
            f"https://me:a%40S3CRET%2Fb@{HOST}/simple",
            f"https://me:a'S3CRET@{HOST}/simple",
            f'https://me:a"S3CRET@{HOST}/simple',
            f"https://me:a\\S3CRET@{HOST}/simple",
            f"https://me:a@S3CRET@{HOST}/simple",
            f"https://me:a/S3CRET@{HOST}/simple",
            f"https://me:a S3CRET@{HOST}/simple",
            f"https://me:a\nS3CRET@{HOST}/simple",
            f"https://me:ünïS3CRET@{HOST}/simple",
            "https://me:S3CRET@[::1]:9/simple",
            "https://me:S3CRET@münchen.invalid/simple",
            "https://me:S3CRET@xn--mnchen-3ya.invalid/simple",
            f"https://{HOST}/t/S3CRET/simple",
            f"https://{HOST}/conda/t/S3CRET/simple",
            f"https://{HOST}/simple?token=S3CRET",
            f"https://{HOST}/simple?sig=a%20S3CRET&x=1",
            f"https://{HOST}/simple?X-Amz-Signature=S3CRET",
            f"http://me:S3CRET@{HOST}/a.whl",
            f"git+https://me:S3CRET@{HOST}/a/b.git@main#egg=b",
            f"git+https://S3CRET@{HOST}/a/b.git",
            f"git+ssh://me:S3CRET@{HOST}/a/b.git",
            f"https://me:S3CRET%25@{HOST}/simple",
            f"oci://me:S3CRET@{HOST}/simple",
            f"https://oauth2accesstoken:ya29.S3CRET@{HOST}/simple/",
        ]
    )
]
# Files that programs read, by their path in the home folder. {index} and {channel} are addresses without a scheme.
FILES = {
    ".config/pip/pip.conf": _of(
        "[global]\nindex-url = http://me:S3CRET%40'w@{index}/simple\n"
        "[install]\nextra-index-url =\n    http://S3CRETx@{index}/more\n", 30
    ),
    ".config/uv/uv.toml": _of(
        '[[index]]\nname = "mine"\nurl = "http://me:S3CRET@127.0.0.1:9/simple"\nexplicit = true\n', 31
    ),
    ".netrc": _of("machine other.invalid login me password S3CRET\n", 32),
    ".condarc": _of(
        "channels: ['http://me:S3CRET@{index}/ch']\ncustom_channels:\n  mine: http://{index}/t/S3CRETt\n"
        "proxy_servers: {https: 'http://me:S3CRETp@127.0.0.1:9'}\nremote_max_retries: 0\n", 33
    ),
    ".pypirc": _of("[pypi]\nusername = __token__\npassword = S3CRET\n", 34),
}  # fmt: skip
VARIABLES = {
    "UV_INDEX_MINE_USERNAME": _of("S3CRETuser", 35),
    "UV_INDEX_MINE_PASSWORD": _of("S3CRET", 36),
    "HTTPS_PROXY": _of("http://me:S3CRET@127.0.0.1:9", 37),
    "ANACONDA_API_TOKEN": _of("S3CRET", 38),
    "GITHUB_TOKEN": _of("S3CRET", 39),
    "TWINE_PASSWORD": _of("S3CRET", 40),
}
INDEX_USER = _of("me:S3CRET@'w", 30)
