# shellcheck shell=bash disable=SC2029 # what ssh is given is to be expanded here
# Everything made has the label below and is found by it, so that nothing depends on a file being left.
LABEL=study=io-uring
NAME=io-uring-study
TYPE=cax31
IMAGE=debian-12
LOCATION=${LOCATION-fsn1}
ROLES=(server client)
RUN=/var/lib/study
STATE=${XDG_STATE_HOME:-$HOME/.local/state}/$NAME
KEY=$STATE/key

usage() {
    cat <<'TEXT'
usage: hetzner up              two machines of type CAX31 in one private network, with the study's NixOS
       hetzner bench [ARG...]  measure from one to the other (default: card); ARGs go to `bench run`
       hetzner fetch [DIR]     copy the recorded runs here (default: results)
       hetzner down            destroy all that up has made
       hetzner all [ARG...]    up, bench, fetch and down; down whatever happens

The token of a Hetzner Cloud project comes from the environment variable HCLOUD_TOKEN. LOCATION is
fsn1 unless the environment says nbg1 or hel1. `up` says what it will cost and asks; with --yes it
does not ask. An error or Ctrl-C in up or bench destroys the machines too.
TEXT
}

say() { printf 'hetzner: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

of_machine() { hcloud server ip "$NAME-$1"; }
options=(-i "$KEY" -o "UserKnownHostsFile=$STATE/known_hosts" -o StrictHostKeyChecking=accept-new
    -o ConnectTimeout=10 -o ServerAliveInterval=30 -o BatchMode=yes)
on() {
    local address
    address=$(of_machine "$1")
    shift
    ssh "${options[@]}" "root@$address" "$@"
}

# What is there, a line a thing: its kind and number.
inventory() {
    local kind
    for kind in server placement-group network ssh-key; do
        hcloud "$kind" list --selector "$LABEL" --output noheader --output columns=id | sed "s/^/$kind /" ||
            return 1
    done
}

# Servers go first: what they use cannot be deleted before. What is asked for may take a moment.
down() {
    local left kind id empty=0
    for _ in {1..30}; do
        if left=$(inventory) && [ -z "$left" ]; then
            # Asked twice: what an interrupted request has made may show a moment later.
            empty=$((empty + 1))
            if [ "$empty" -eq 2 ]; then
                rm -rf "$STATE"
                say 'nothing is left running'
                return
            fi
        else
            empty=0
        fi
        while read -r kind id; do
            [ -z "$kind" ] || hcloud "$kind" delete "$id" >&2 || true
        done <<<"$left"
        sleep 2
    done
    say "COULD NOT DELETE EVERYTHING, and it goes on costing money. Run: nix run .#hetzner -- down"
    say "or delete what has the label $LABEL in the console of Hetzner Cloud. Left: ${left:-unknown}"
    return 1
}

down_after_failure() {
    local status=$?
    trap '' INT TERM
    trap - EXIT
    if [ "$status" -ne 0 ]; then
        say 'that failed or was interrupted; destroying the machines'
        down || true
    fi
    exit "$status"
}

# From here on a failure or an interrupt destroys everything.
guard() {
    trap down_after_failure EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# The price comes from the provider now: one that is written down would be wrong some day.
announce() {
    local price
    price=$(hcloud server-type describe "$TYPE" --output json |
        jq -r --arg location "$LOCATION" \
            '.prices[] | select(.location == $location) | .price_hourly.gross | tonumber')
    [ -n "$price" ] || die "there is no $TYPE in $LOCATION; set LOCATION to fsn1, nbg1 or hel1"
    say "this makes two $TYPE in $LOCATION, each $price EUR an hour with tax (an hour begun counts whole)"
    say "installing takes about half an hour, the experiment card about an hour and a half: 2 x 2 hours are"
    say "$(jq -n "4 * $price * 100 | ceil / 100") EUR, and they cost on until down is called"
    if [ "${1-}" != --yes ]; then
        local answer=
        read -r -p 'hetzner: go on? [y/N] ' answer || true
        [ "$answer" = y ] || die 'nothing was made'
    fi
}

create() {
    mkdir -p "$STATE"
    chmod 700 "$STATE"
    rm -f "$KEY" "$KEY.pub"
    ssh-keygen -q -t ed25519 -N '' -C "$NAME" -f "$KEY"
    hcloud ssh-key create --name "$NAME" --public-key-from-file "$KEY.pub" --label "$LABEL" >&2
    hcloud network create --name "$NAME" --ip-range 10.0.0.0/24 --label "$LABEL" >&2
    hcloud network add-subnet "$NAME" --type cloud --network-zone eu-central --ip-range 10.0.0.0/24 >&2
    hcloud placement-group create --name "$NAME" --type spread --label "$LABEL" >&2
    local role address=2
    for role in "${ROLES[@]}"; do
        hcloud server create --name "$NAME-$role" --type "$TYPE" --image "$IMAGE" --location "$LOCATION" \
            --ssh-key "$NAME" --placement-group "$NAME" --label "$LABEL" >&2
        # The addresses that the hosts' configurations know.
        hcloud server attach-to-network "$NAME-$role" --network "$NAME" --ip "10.0.0.$address" >&2
        address=$((address + 1))
    done
}

wait_for_ssh() {
    for _ in {1..60}; do
        if on "$1" true 2>/dev/null; then
            return
        fi
        sleep 5
    done
    die "the machine $1 does not answer by ssh after five minutes"
}

# The machine builds for itself: this one may have another architecture.
install_nixos() {
    local extra=$STATE/extra
    mkdir -p "$extra/root/.ssh"
    chmod 700 "$extra/root/.ssh"
    install -m 600 "$KEY.pub" "$extra/root/.ssh/authorized_keys"
    nixos-anywhere --flake "$FLAKE#hetzner-arm-$1" --build-on remote --copy-host-keys \
        --extra-files "$extra" -i "$KEY" --target-host "root@$(of_machine "$1")" >&2
    wait_for_ssh "$1"
}

# The client starts the servers by ssh.
introduce() {
    local key
    key=$(on client "test -e .ssh/id_ed25519 || ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519; cat .ssh/id_ed25519.pub")
    on server "cat >>.ssh/authorized_keys" <<<"$key"
    on client 'ssh -o StrictHostKeyChecking=accept-new root@server true'
}

up() {
    local existing
    existing=$(inventory) || die 'Hetzner Cloud cannot be asked; is HCLOUD_TOKEN right?'
    [ -z "$existing" ] || die "there are machines already: fetch what they have measured, then call down"
    announce "$@"
    guard
    create
    local role
    for role in "${ROLES[@]}"; do
        wait_for_ssh "$role"
        say "installing NixOS on the $role"
        install_nixos "$role"
    done
    introduce
    say 'the machines are ready'
}

bench() {
    guard
    [ $# -gt 0 ] || set -- card
    local words
    words=$(printf '%q ' "$@")
    say "measuring: bench run $*"
    if ! on client "cd $RUN && bench run $words --host ssh://root@server" >&2; then
        say 'the run failed; fetching what it has recorded'
        fetch results || say 'nothing could be fetched'
        exit 1
    fi
}

# A folder that is here already is never written to.
fetch() {
    local target=${1-results} incoming run
    mkdir -p "$target"
    incoming=$(mktemp -d "$target/.fetched-XXXXXX")
    scp -q -r "${options[@]}" "root@$(of_machine client):$RUN/results/." "$incoming"
    for run in "$incoming"/*; do
        if [ -e "$target/${run##*/}" ]; then
            say "$target/${run##*/} is here already; what was fetched stays in $run"
            continue
        fi
        mv "$run" "$target/"
        printf '%s\n' "$target/${run##*/}"
    done
    rmdir "$incoming" 2>/dev/null || true
}

[ -n "${HCLOUD_TOKEN-}" ] || [ "${1-}" = --help ] ||
    die 'set HCLOUD_TOKEN to a token of a Hetzner Cloud project with the right to write'

command=${1-}
[ $# -eq 0 ] || shift
case $command in
up) up "$@" ;;
bench) bench "$@" ;;
fetch) fetch "$@" ;;
down) down ;;
all)
    confirmed=
    if [ "${1-}" = --yes ]; then
        confirmed=--yes
        shift
    fi
    up $confirmed
    bench "$@"
    # The only copy is there, and goes with the machines.
    fetch || { sleep 5 && fetch; }
    down
    ;;
*)
    usage >&2
    [ "$command" = --help ] || exit 2
    ;;
esac
