# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What every script of the project shares: messages, places, packages, clean-up. Sourced, never run.

HMMCL_TREE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
# Where user space is built, and what the lab keeps between runs (roots, kernels, modules).
# Both are shared by every script; the lab's folder also by every clone of the tree.
BUILD_DIR=${HMMCL_BUILD_DIR:-$HMMCL_TREE/build}
LAB_DIR=${HMMCL_LAB_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/hmmcl/lab}
JOBS=$(nproc)
ME=$(basename -- "$0")

# Progress goes to stderr: stdout is for results.
say() { printf '%s: %s\n' "$ME" "$*" >&2; }
die() {
	local status=1
	if [[ $1 =~ ^[0-9]+$ ]]; then
		status=$1
		shift
	fi
	say "$*"
	exit "$status"
}

# usage TEXT: the script's --help, from the comment block at its top.
help_from_header() {
	sed -n '3,/^$/ { /^#/!q; s/^# \{0,1\}//p }' "$0"
	exit 0
}

# Commands to run when the script ends, however it ends, last one first.
CLEANUPS=()
at_exit() { CLEANUPS=("$*" "${CLEANUPS[@]}"); }
run_cleanups() {
	local status=$? command
	trap '' INT TERM HUP
	for command in "${CLEANUPS[@]}"; do
		eval "$command" || true
	done
	exit "$status"
}
trap run_cleanups EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

need_root() {
	[ "$(id -u)" = 0 ] || die "needs root ($1); run it as root, for example with sudo"
}

# require COMMAND...: names the way out where setup has not run.
require() {
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null ||
			die "'$command' is not installed; run conformance/setup first"
	done
}

# timed NAME COMMAND...: runs a phase, keeps how long it took for print_times.
PHASES=()
timed() {
	local name=$1 start=$SECONDS status=0
	shift
	say "$name ..."
	"$@" || status=$?
	PHASES+=("$(printf '%6d s  %s' $((SECONDS - start)) "$name")")
	return "$status"
}
print_times() {
	printf 'time:\n'
	printf '%s\n' "${PHASES[@]}"
	printf '%6d s  in all\n' "$SECONDS"
}

# Configures and builds user space into BUILD_DIR; further arguments go to cmake.
build_user_space() {
	local generator=()
	mkdir -p "$BUILD_DIR"
	[ -e "$BUILD_DIR/CMakeCache.txt" ] || generator=(-G Ninja)
	cmake -S "$HMMCL_TREE" -B "$BUILD_DIR" "${generator[@]}" "$@" >"$BUILD_DIR/configure.log" 2>&1 || {
		cat "$BUILD_DIR/configure.log" >&2
		return 1
	}
	cmake --build "$BUILD_DIR" --parallel "$JOBS" >&2
}
