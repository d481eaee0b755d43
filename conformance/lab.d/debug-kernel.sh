# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The lab's debug kernel: from Debian's linux-source package of the version that the lab's root has,
# with debug-kernel.config. Sourced by conformance/lab; needs common.sh and root.sh.
#
# This machine's compiler builds it, and the driver for it: both must be built by the same one.

# On the kernel's command line. page_table_check takes the driver's writable huge mapping of a page that
# the client maps as well for a fault, and ends the kernel at once. With 5-level paging an interrupt while
# the first processor is identified (its LA57 flag is unset for a moment) looks like a wild access to KASAN,
# and lockdep goes off with that report. All of KASAN's reports count, not only the first.
DEBUG_KERNEL_OPTIONS='page_table_check=off page_owner=on no5lvl kasan_multi_shot'

# make_debug_kernel ROOT: builds it where it is not there yet. Sets KERNEL_VERSION, KERNEL_MODULES,
# KERNEL_TREE, KERNEL_IMAGE, KERNEL_OPTIONS as conformance/lab needs them, and KERNEL_ON_HOST.
make_debug_kernel() {
	local root=$1 config=$HMMCL_TREE/conformance/lab.d/debug-kernel.config debian key out
	debian=$(kernel_package_version "$root")
	key=$( (cat "$config"; gcc -dumpfullversion; echo "$debian") | sha256sum | cut -c1-12)
	out=$LAB_DIR/debug-kernel-$key
	if [ ! -e "$out/version" ]; then
		require gcc make bc bison flex
		mkdir -p "$out"
		exec {debug_lock}>"$out/lock"
		flock "$debug_lock"
	fi
	if [ ! -e "$out/version" ]; then
		say "building a debug kernel from linux-source $debian in $out (10 to 30 minutes, once)"
		[ -e "$out/source" ] || unpack_linux_source "$root" "$debian" "$out"
		build_debug_kernel "$root" "$config" "$out" || {
			tail -n 20 "$out/build.log" >&2
			die "the debug kernel does not build; the log is $out/build.log"
		}
	fi
	[ -z "${debug_lock:-}" ] || exec {debug_lock}>&-
	read -r KERNEL_VERSION <"$out/version"
	KERNEL_MODULES=$out/image/lib/modules/$KERNEL_VERSION
	KERNEL_TREE=$out/build
	KERNEL_IMAGE=$out/build/arch/x86/boot/bzImage
	KERNEL_OPTIONS=$DEBUG_KERNEL_OPTIONS
	KERNEL_ON_HOST=yes
}

# unpack_linux_source ROOT DEBIAN_VERSION OUT: makes OUT/source.
unpack_linux_source() {
	local root=$1 debian=$2 out=$3 package
	package=linux-source-$(cut -d . -f 1,2 <<<"$debian")
	say "fetching $package $debian (150 MB)"
	lab_apt "$root" apt-get update >"$out/fetch.log" 2>&1 || true
	rm -rf "$out/package"
	mkdir "$out/package"
	(cd "$out/package" && lab_apt "$root" apt-get download "$package=$debian" >>"$out/fetch.log" 2>&1) || {
		tail -n 5 "$out/fetch.log" >&2
		die "the archive has no $package $debian: conformance/lab --refresh takes the newest kernel"
	}
	dpkg-deb --fsys-tarfile "$out"/package/*.deb |
		tar -x -C "$out/package" --wildcards --strip-components=3 './usr/src/*.tar.xz'
	rm -rf "$out/source.partial"
	mkdir "$out/source.partial"
	# Of the documentation only what the build reads (Kconfig, Makefile): they have no dot in their names.
	tar -x -C "$out/source.partial" --strip-components=1 --exclude='*/Documentation/*.*' \
		-f "$out"/package/linux-source-*.tar.xz
	mv "$out/source.partial" "$out/source"
	rm -rf "$out/package"
}

# build_debug_kernel ROOT CONFIG OUT: OUT/build, OUT/image (modules), and OUT/version when all is done.
build_debug_kernel() {
	local root=$1 config=$2 out=$3 line version
	local make=(make -C "$out/source" "O=$out/build")
	"${make[@]}" "KCONFIG_ALLCONFIG=$config" allnoconfig >"$out/build.log" 2>&1 || return
	while read -r line; do
		grep -q -x -F -e "$line" "$out/build/.config" ||
			say "this kernel does not take '$line' (lab.d/debug-kernel.config)"
	done < <(grep '^CONFIG_[A-Z0-9_]*=[ym]$' "$config")
	# A line now and then: the make's own output has one for each of some 2000 files.
	nice "${make[@]}" -j"$JOBS" bzImage modules 2>&1 | tee -a "$out/build.log" |
		awk -v me="$ME" 'NR % 200 == 0 { print me ": " NR " steps, now " $2 >"/dev/stderr" }' || return
	version=$("${make[@]}" -s kernelrelease) || return
	"${make[@]}" -s DEPMOD=true "INSTALL_MOD_PATH=$out/image" modules_install >>"$out/build.log" 2>&1 || return
	in_root "$root" --bind "$out/image:/image" -- depmod -b /image "$version" || return
	# Modules need of it headers and tools only: 1.5 GB less.
	find "$out/source" "$out/build" \( -path '*/scripts' -o -path '*/tools' \) -prune -o -type f \
		\( -name '*.[coSa]' -o -name '.*.cmd' -o -name '*.dts*' -o -name 'vmlinux.*' \) -print0 |
		xargs -0 rm -f
	printf '%s\n' "$version" >"$out/version"
}
