//! `.env.example`: the settings as a file, with what they are.

use std::fmt::Write as _;

use super::{Secrecy, settings};

/// The text of .env.example.
#[must_use]
pub fn env_example() -> String {
    let mut text = String::from(
        "# Settings of gongkai, one NAME=VALUE a line. Written by `gongkai docs env`.\n\
         # docker compose reads a copy of this file that is called .env. The program itself reads no\n\
         # .env: give it a copy by --config FILE or GONGKAI_CONFIG=FILE, or set the variables.\n\
         # A flag wins over the environment. A secret may also come from a file: NAME_FILE=/path.\n\
         # A comment has a line of its own; behind a value it is refused. A value may stand in quotes.\n",
    );
    // Writing to a string cannot fail.
    for setting in settings() {
        let secret = match setting.secrecy {
            Secrecy::Open => "",
            Secrecy::Secret => " (secret)",
        };
        let _ = write!(text, "\n# {}{secret}\n", setting.meaning);
        let hash =
            if setting.example.is_empty() && setting.secrecy == Secrecy::Open { "# " } else { "" };
        let _ = writeln!(text, "{hash}{}={}", setting.name, setting.example);
    }
    text.push_str(
        "\n# The last two are read by docker-compose.yml alone; gongkai knows nothing of them.\n\
         # The password of its database; letters and digits. (secret)\nGONGKAI_DB_PASSWORD=\n\n\
         # The proxy in front of its proxy, by address or network as that sees it: its word about the\n\
         # client is passed on. None when empty.\n# GONGKAI_TLS_PROXY=172.16.0.0/12\n",
    );
    text
}
