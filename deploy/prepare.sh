#!/bin/sh
# Makes the secrets that compose.yaml mounts, in deploy/secrets, and the folders in deploy/state: run
# it as root, then `docker compose up`. It keeps what is there, but for certificates that end within
# 30 days: run it once a month, then restart postgres and nats. POSTGRES_NAME=db.school.example and
# NATS_NAME=nats.school.example add names by which they are reached from elsewhere.
#
# Each file belongs to the one user that reads it: 999 is Postgres, 10001 Milepost, 10002 NATS.
set -eu
umask 077
cd "$(dirname "$0")"
SOON=2592000 # seconds: 30 days
mkdir -p secrets state
chmod 711 secrets state

give() { # FILE USER
  chmod 400 "secrets/$1"
  [ "$(id -u)" != 0 ] || chown "$2:$2" "secrets/$1"
}

folder() { # NAME USER
  mkdir -p "state/$1"
  [ "$(id -u)" != 0 ] || chown "$2:$2" "state/$1"
}

password() { # NAME: 48 hexadecimal digits, the same whenever it is asked for
  [ -s "secrets/$1.password" ] || openssl rand -hex 24 > "secrets/$1.password"
  cat "secrets/$1.password"
}

address() { # FILE URL
  printf '%s\n' "$2" > "secrets/$1.new"
  mv "secrets/$1.new" "secrets/$1"
  give "$1" 10001
}

requested() { # NAME: a new key beside, and what is to be signed
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout "secrets/$1.key.new" 2> /dev/null
}

authority() {
  [ ! -s secrets/ca.pem ] || return 0
  requested ca > secrets/ca.csr
  printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' \
    > secrets/ca.ext
  openssl x509 -req -in secrets/ca.csr -signkey secrets/ca.key.new -days 3650 -sha256 \
    -extfile secrets/ca.ext -out secrets/ca.pem.new 2> /dev/null
  mv secrets/ca.key.new secrets/ca.key
  mv secrets/ca.pem.new secrets/ca.pem
  chmod 444 secrets/ca.pem # everybody may know whom we believe
}

certificate() { # NAME USER OTHER-NAME: of the server that others reach by these names
  openssl x509 -checkend $SOON -noout -in "secrets/$1.pem" > /dev/null 2>&1 && return 0
  [ -s secrets/ca.key ] || { echo "secrets/ca.key is not here: it signs the certificate of $1." >&2; exit 1; }
  requested "$1" > "secrets/$1.csr"
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nsubjectAltName=DNS:%s,DNS:localhost%s\n' \
    "$1" "${3:+,DNS:$3}" \
    > "secrets/$1.ext"
  openssl x509 -req -in "secrets/$1.csr" -CA secrets/ca.pem -CAkey secrets/ca.key -CAcreateserial \
    -days 397 -sha256 -extfile "secrets/$1.ext" -out "secrets/$1.pem.new" 2> /dev/null
  mv "secrets/$1.key.new" "secrets/$1.key"
  mv "secrets/$1.pem.new" "secrets/$1.pem"
  give "$1.key" "$2"
  give "$1.pem" "$2"
}

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

token_key() { # of the development issuer; leave it out with an issuer of your own
  [ ! -s secrets/token-keys.json ] || return 0
  openssl genpkey -algorithm ed25519 -out secrets/token.key
  x=$(openssl pkey -in secrets/token.key -pubout -outform DER | tail -c 32 | base64url)
  kid=$(printf '{"crv":"Ed25519","kty":"OKP","x":"%s"}' "$x" | openssl dgst -sha256 -binary | base64url)
  printf '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"%s","kid":"%s","alg":"EdDSA","use":"sig"}]}' \
    "$x" "$kid" > secrets/token-keys.json.new
  mv secrets/token-keys.json.new secrets/token-keys.json
  give token.key 10001
  give token-keys.json 10001
}

sealing_key() { # NAME: of issuers' private keys, webhooks' secrets, browsers' sessions: made once
  [ -s "secrets/$1.key" ] || openssl rand -base64 32 > "secrets/$1.key"
  give "$1.key" 10001
}

authority
certificate postgres 999 "${POSTGRES_NAME:-}"
certificate nats 10002 "${NATS_NAME:-}"
token_key
sealing_key issuer
sealing_key webhook
sealing_key session

# No login of these three is a superuser: that one never comes over the network.
tls='sslmode=verify-full&sslrootcert=/run/secrets/ca.pem'
address postgres-owner "postgresql://milepost:$(password owner)@postgres/milepost?$tls"
address postgres-enrollment "postgresql://milepost_enrollment_login:$(password enrollment)@postgres/milepost?$tls"
address postgres-service "postgresql://milepost_service_login:$(password service)@postgres/milepost?$tls"
address nats-milepost "tls://milepost:$(password nats)@nats:4222"
password superuser > /dev/null
give superuser.password 999
give owner.password 999
printf 'NATS_PASSWORD: "%s"\n' "$(password nats)" > secrets/nats-passwords.conf.new
mv secrets/nats-passwords.conf.new secrets/nats-passwords.conf
give nats-passwords.conf 10002

folder nats 10002
folder nats-accounts 10001  # of subscribers: Milepost writes them, NATS reads them; no secret
chmod 755 state/nats-accounts
[ -e state/nats-accounts/subscribers.conf ] || : > state/nats-accounts/subscribers.conf
chmod 644 state/nats-accounts/subscribers.conf
[ "$(id -u)" != 0 ] || chown 10001:10001 state/nats-accounts/subscribers.conf
folder vault 10001  # the vault's master keys, of `serve enrollment` alone
folder heads 10001  # the key that signs the log's heads
folder backups 10001
rm -f secrets/*.csr secrets/*.ext
echo "deploy/secrets is ready. Move deploy/secrets/ca.key to a safe place, and back when a certificate is renewed."
