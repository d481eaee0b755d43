# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# hmmcl.ko for the lab's kernel, built inside the lab's root (kbuild there needs a newer compiler
# and libc than Debian 12 has), for the debug kernel by what built that. Sourced by conformance/lab;
# needs common.sh and root.sh.

# build_driver ROOT KERNEL_VERSION KERNEL_BUILD_TREE: sets DRIVER_KO.
# KERNEL_BUILD_TREE is a path inside the root, or on this machine where KERNEL_ON_HOST is set.
# One build for each state of the sources; the newest eight are kept.
build_driver() {
	local root=$1 version=$2 tree=$3 key out source=$HMMCL_TREE/kernel-driver
	key=$( (cd "$source" && find . -type f \( -name '*.[ch]' -o -name Kbuild -o -name Makefile \) -print0 |
		sort -z | xargs -0 sha256sum; echo "$version $tree") | sha256sum | cut -c1-16)
	out=$LAB_DIR/driver/$version-$key
	DRIVER_KO=$out/hmmcl.ko
	[ ! -e "$DRIVER_KO" ] || { touch "$out"; return 0; }
	mkdir -p "$LAB_DIR/driver"
	exec {lock}>"$LAB_DIR/driver/lock"
	flock "$lock"
	if [ ! -e "$DRIVER_KO" ]; then
		say "building hmmcl.ko for $version"
		rm -rf "$out.partial" "$out"
		cp -r "$source" "$out.partial"
		local place=(in_root "$root" --bind "$out.partial:/src" --) source_there=/src
		[ ! "${KERNEL_ON_HOST:-}" ] || place=() source_there=$out.partial
		if ! "${place[@]}" make -s -j"$JOBS" -C "$tree" M="$source_there" W=1 modules \
			>"$out.partial/build.log" 2>&1; then
			cat "$out.partial/build.log" >&2
			flock -u "$lock"
			die 72 "hmmcl.ko does not build; the log is $out.partial/build.log (--no-driver goes on without)"
		fi
		grep -e warning "$out.partial/build.log" >&2 || true
		in_root "$root" --bind "$out.partial:/src" -- modinfo -F depends /src/hmmcl.ko |
			tr ',' ' ' >"$out.partial/depends"
		mv "$out.partial" "$out"
		find "$LAB_DIR/driver" -maxdepth 1 -type d -name '*-*' -printf '%T@ %p\n' |
			sort -rn | awk 'NR > 8 { print $2 }' | xargs -r rm -rf
	fi
	flock -u "$lock"
}

# module_closure MODULES_DIR NAME...: paths of modules and what they need, in the order of loading.
# What is built into the kernel, or not there, is left out.
module_closure() {
	local dir=$1 name line
	shift
	for name in "$@"; do
		name=${name//-/_}
		line=$(awk -v name="$name" -F: '{
			n = $1; sub(".*/", "", n); sub("\\.ko.*", "", n); gsub("-", "_", n)
			if (n == name) { print $1 " " $2; exit }
		}' "$dir/modules.dep")
		# modules.dep names what must be loaded first last.
		tr ' ' '\n' <<<"$line" | sed '/^$/d' | tac
	done | awk '!seen[$0]++'
}
