"""What the settings of Dovecot 2.3 (Debian 12) and 2.4 (Debian 13) do not have in common.

In 2.4 most of them have other names. What they say is the same.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from support.realservers.daemon import program


@dataclass(frozen=True)
class Dialect:
    """How one version writes its settings. FOLDER and DOMAIN are for the caller to fill."""

    #: The certificate, the mailboxes, and who may log in.
    settings: str
    #: The setting with the address of a listener.
    listen: str
    #: What a line of the list of users has for a mailbox without room.
    no_room: str


V2_3 = Dialect(
    settings="""
ssl_cert = <FOLDER/server.pem
ssl_key = <FOLDER/server.key

mail_location = maildir:~/Maildir
plugin {
  quota = count:all
  quota_vsizes = yes
}
userdb {
  driver = passwd-file
  args = FOLDER/users
}

auth_default_realm = DOMAIN
passdb {
  driver = passwd-file
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
  args = FOLDER/users
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = FOLDER/tokens.conf
}

# Whoever shows a certificate of the authority is the one in its subject.
ssl_ca = <FOLDER/ca.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
passdb {
  driver = static
  mechanisms = external gssapi
  args = nopassword=y
}
""",
    listen="address",
    no_room="userdb_quota_rule=*:bytes=1",
)

# Of which version the settings and the files are must come first.
V2_4 = Dialect(
    settings="""
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1

ssl_server_cert_file = FOLDER/server.pem
ssl_server_key_file = FOLDER/server.key

mail_driver = maildir
mail_path = ~/Maildir
quota_storage_size = unlimited
quota_storage_grace = 0
quota "all" {
  driver = count
}
userdb passwd-file {
  passwd_file_path = FOLDER/users
}

auth_default_domain = DOMAIN
passdb passwd-file {
  mechanisms_filter = plain login cram-md5 scram-sha-1 scram-sha-256
  passwd_file_path = FOLDER/users
}
oauth2 {
  introspection_mode = local
  username_attribute = sub
  oauth2_local_validation {
    dict fs {
      fs posix {
        prefix = FOLDER/tokens/
      }
    }
  }
}
passdb oauth2 {
  mechanisms_filter = xoauth2 oauthbearer
}

# Whoever shows a certificate of the authority is the one in its subject.
ssl_server_ca_file = FOLDER/ca.pem
ssl_server_request_client_cert = yes
ssl_server_require_crl = no
passdb static {
  mechanisms_filter = external gssapi
  fields {
    nopassword = yes
  }
}
""",
    listen="listen",
    no_room="userdb_quota_storage_size=1B",
)


def version() -> tuple[int, int]:
    """That of the Dovecot of this machine."""
    told = subprocess.run(
        [program("dovecot"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.match(r"(\d+)\.(\d+)\.", told)
    assert found is not None, f"not a version of Dovecot: {told!r}"
    return int(found[1]), int(found[2])
