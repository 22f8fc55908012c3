# shellcheck shell=sh
# Debian's archive through an apt of its own: nothing of this machine's package lists is used or changed.
# For sourcing, after `cache` names a folder to keep.

cache=${cache:?}
# Where this machine has its packages from, if it is Debian.
own_mirror() {
    # shellcheck disable=SC2016 # for apt to fill in
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -n 's|^Debian \(.*\)/debian/*$|\1|p' | head -n 1
}
mirror=${DEBIAN_MIRROR:-$(own_mirror)}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# archive NAME SUITE,SUITE,...: makes the private apt NAME know the suites.
archive() {
    [ -n "$mirror" ] || return 1
    place=$cache/apt/$1
    mkdir -p "$place/lists" "$place/archives"
    printf '%s\n' "$2" | tr , '\n' | while read -r suite; do
        # The folder of a suite's security updates is not that of the suite.
        case $suite in
        *-security) folder=debian-security ;;
        *) folder=debian ;;
        esac
        printf 'deb [signed-by=%s] %s/%s %s main\n' "$keyring" "$mirror" "$folder" "$suite"
    done >"$place/sources.list"
    cat >"$place/apt.conf" <<CONF
Dir::Etc::sourcelist "$place/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$place/lists";
Dir::State::status "/dev/null";
Dir::Cache "$place";
APT::Architecture "amd64";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Retries "1";
Acquire::http::Timeout "20";
CONF
    APT_CONFIG=$place/apt.conf timeout 180 apt-get -qq update >&2
}

# no_archive WHAT: what cannot be had is told, and the status is that of an archive out of reach.
no_archive() {
    if [ -n "$mirror" ]; then
        printf 'kernels: %s has no %s\n' "$mirror" "$1" >&2
    else
        printf "kernels: no archive of Debian is known: name one by DEBIAN_MIRROR\n" >&2
    fi
    exit 3
}

# with_archive NAME COMMAND...: an apt command with the private apt.
with_archive() {
    [ -n "$mirror" ] || return 1
    place=$cache/apt/$1
    shift
    APT_CONFIG=$place/apt.conf timeout 300 "$@"
}

# download NAME PACKAGE...: the packages' files in the current folder.
download() {
    from=$1
    shift
    with_archive "$from" apt-get -qq download "$@" >&2
}
