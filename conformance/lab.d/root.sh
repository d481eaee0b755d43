# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The lab's Debian root: Debian 13 with the newest kernel of its backports. Debian's other kernels
# have CONFIG_DEVICE_PRIVATE off. Sourced by conformance/lab; needs common.sh.
#
# The root is made once and never changed: VMs and chroots put a temporary layer over it.

LAB_SUITE=trixie
# What the VM's user space and the module's build need, beside the kernel.
LAB_PACKAGES=(
	gcc-14 make libc6-dev	# kbuild
	sparse			# make C=1
	kmod busybox-static	# modules; the initramfs
	libdrm2 libcmocka0 libstdc++6 zlib1g libzstd1	# the runtime, hmmclc, the tests
	ocl-icd-libopencl1 clinfo	# any OpenCL program
	llvm-spirv-19		# SPIR-V
	strace procps util-linux gdb-minimal less	# looking into it
)

# The mirror that this machine's own apt uses.
apt_mirror() {
	local uri
	uri=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' |
		grep -v -e security -e '^file:' | sort | uniq -c | sort -rn | awk 'NR == 1 { print $2 }')
	[ -n "$uri" ] || die "apt has no package source; run apt-get update, or see /etc/apt/sources.list"
	printf '%s\n' "$uri"
}

# Path of the root, which depends on what goes in.
lab_root_path() {
	local key
	key=$(printf '%s\n' "$LAB_SUITE" "${LAB_PACKAGES[@]}" | sha256sum | cut -c1-12)
	printf '%s\n' "$LAB_DIR/root-$LAB_SUITE-$key"
}

# Makes the root, in the place of one that is there. The kernel and what belongs to it come from the
# backports by a pin, so the newest version is found when the root is made.
make_lab_root() {
	local root=$1 mirror partial=$1.partial
	mirror=$(apt_mirror)
	rm -rf --one-file-system "$partial"
	mkdir -p "$(dirname "$root")"
	say "making the lab's Debian root in $root (about 2 minutes, 900 MB, once)"
	local include
	include=$(IFS=,; echo "${LAB_PACKAGES[*]},linux-image-amd64,linux-headers-amd64")
	# shellcheck disable=SC2016  # $1 is the hook's
	nice mmdebstrap --mode=root --variant=apt --architectures=amd64 \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--setup-hook='mkdir -p "$1/etc/apt/preferences.d"' \
		--setup-hook='printf "Package: linux-*\nPin: release n='$LAB_SUITE'-backports\nPin-Priority: 900\n" >"$1/etc/apt/preferences.d/kernel"' \
		--include="$include" \
		"$LAB_SUITE" "$partial" \
		"deb $mirror $LAB_SUITE main" "deb $mirror $LAB_SUITE-backports main" \
		2> >(tee "$LAB_DIR/root.log" | grep --line-buffered '^[IWE]:' >&2) ||
		die "the Debian root could not be made; the log is $LAB_DIR/root.log"
	rm -rf --one-file-system "$root"
	mv "$partial" "$root"
}

# Version of the newest kernel in a root.
newest_kernel() {
	local versions
	versions=$(cd "$1/usr/lib/modules" && printf '%s\n' *)
	sort -V <<<"$versions" | tail -n 1
}

# Debian's version of that kernel, which the package of its source shares.
kernel_package_version() {
	awk '$1 == "Package:" { found = $2 == "linux-image-amd64" } found && $1 == "Version:" { print $2; exit }' \
		"$1/var/lib/dpkg/status"
}

# lab_apt ROOT TOOL ARGUMENT...: apt-get or apt-cache of this machine, with the sources of a lab's root
# that the kernel comes from. The lists are kept beside the root, which does not change.
lab_apt() {
	local root=$1 tool=$2 apt=$LAB_DIR/apt
	shift 2
	mkdir -p "$apt"/state/lists/partial "$apt"/cache/archives/partial
	grep -e "$LAB_SUITE-backports" "$root/etc/apt/sources.list" >"$apt/sources.list"
	"$tool" -o Dir="$root" -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" \
		-o Dir::State::status="$root/var/lib/dpkg/status" -o APT::Sandbox::User=root \
		-o Acquire::http::Timeout=20 "$@"
}

# Says, at most once a day, that a newer kernel is there. About 1 s; without a network it says nothing.
notice_newer_kernel() {
	local root=$1 have newest stamp=$LAB_DIR/newer-kernel-asked
	[ -z "$(find "$stamp" -mtime -1 2>/dev/null)" ] || return 0
	touch "$stamp"
	lab_apt "$root" apt-get update >/dev/null 2>&1 || return 0
	have=$(kernel_package_version "$root")
	newest=$(lab_apt "$root" apt-cache policy linux-image-amd64 2>/dev/null | awk '$1 == "Candidate:" { print $2 }')
	[ "$have" = "$newest" ] || [ -z "$newest" ] ||
		say "the lab's kernel is $have, the archive has $newest: conformance/lab --refresh takes it"
}

# in_root ROOT [--keep DIR] [--bind FROM:TO]... -- COMMAND...
# Runs a command in a root whose changes are thrown away, or kept in DIR (an overlay's upper
# layer, with a sibling DIR.work). A mount namespace of its own: nothing stays mounted.
in_root() {
	local root=$1 upper='' binds=()
	shift
	while [ "$1" != -- ]; do
		case $1 in
		--keep) upper=$2 ;;
		--bind) binds+=("$2") ;;
		esac
		shift 2
	done
	shift
	# shellcheck disable=SC2016  # the inner shell expands them
	UPPER=$upper BINDS=${binds[*]} unshare --mount --pid --fork --kill-child -- \
		bash -euc '
		root=$1
		shift
		mount -t tmpfs lab /mnt
		mkdir /mnt/upper /mnt/work /mnt/root
		upper=/mnt/upper work=/mnt/work
		# An upper layer outside needs its path to stay visible: only /mnt is covered.
		[ -z "$UPPER" ] || { upper=$UPPER work=$UPPER.work; mkdir -p "$upper" "$work"; }
		mount -t overlay overlay -o "lowerdir=$root,upperdir=$upper,workdir=$work" /mnt/root
		for bind in $BINDS; do
			mkdir -p "/mnt/root${bind#*:}"
			mount --bind "${bind%%:*}" "/mnt/root${bind#*:}"
		done
		mount -t proc proc /mnt/root/proc
		mount --bind /dev /mnt/root/dev
		mount -t tmpfs tmp /mnt/root/tmp
		[ ! -e /etc/resolv.conf ] || cat /etc/resolv.conf >/mnt/root/etc/resolv.conf
		# No exec: as process 1 make would not die of its own signal, and repeat it for ever.
		chroot /mnt/root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C "$@"
	' in_root "$root" "$@"
}
