# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The virtual machine: its initramfs, which kind of virtualisation works here, and running it.
# Sourced by conformance/lab; needs common.sh and driver.sh (module_closure).

# What the initramfs must load before it can mount the root, where the kernel has it as modules.
BOOT_MODULES=(9p 9pnet_virtio overlay)

# copy_modules MODULES_DIR TO NAME...: modules with what they need, unpacked, and TO/order.
copy_modules() {
	local dir=$1 to=$2 path base
	shift 2
	mkdir -p "$to"
	: >"$to/order"
	module_closure "$dir" "$@" | while read -r path; do
		base=$(basename "$path")
		case $base in
		*.xz) xz -dc "$dir/$path" >"$to/${base%.xz}" ;;
		*.zst) zstd -qdc "$dir/$path" >"$to/${base%.zst}" ;;
		*) cp "$dir/$path" "$to/$base" ;;
		esac
		base=${base%.xz}
		printf '%s\n' "${base%.zst}" >>"$to/order"
	done
}

# make_initramfs ROOT MODULES_DIR OUT: the part that every run shares.
make_initramfs() {
	local root=$1 modules=$2 out=$3 dir
	rm -rf "$LAB_DIR"/initramfs.??????	# of a lab that was killed
	dir=$(mktemp -d "$LAB_DIR/initramfs.XXXXXX")
	mkdir -p "$dir"/{bin,dev,proc,sys,lab}
	cp "$root/bin/busybox" "$dir/bin/busybox"
	local applet
	for applet in sh mount mkdir insmod grep cp switch_root reboot sync; do
		ln -s busybox "$dir/bin/$applet"
	done
	cp "$root/bin/busybox" "$dir/lab/busybox"
	cp "$HMMCL_TREE/conformance/lab.d/init" "$dir/init"
	chmod 755 "$dir/init"
	cp "$HMMCL_TREE"/conformance/lab.d/{stage2,insert,inject} "$dir/lab/"
	copy_modules "$modules" "$dir/modules" "${BOOT_MODULES[@]}"
	pack_cpio "$dir" | gzip -1 >"$out.$$"
	mv "$out.$$" "$out"
	rm -rf "$dir"
}

pack_cpio() {
	(cd "$1" && find . -mindepth 1 -print0 | sort -z | cpio --quiet -0 -o -H newc -R 0:0)
}

# Sets ACCELERATION to the flags of what works here. A /dev/kvm that is there may still not run a
# guest, so a boot decides; what it showed holds until this machine boots again.
choose_acceleration() {
	local kernel=$1 initramfs=$2 boot finding
	# Byte-wise string instructions are so slow in emulation that they distort every measurement.
	local emulation=(-accel 'tcg,thread=multi' -cpu 'max,-erms,-fsrm')
	read -r boot </proc/sys/kernel/random/boot_id
	finding=$LAB_DIR/kvm-$boot
	if [ ! -e "$finding" ]; then
		rm -f "$LAB_DIR"/kvm-*
		local answer=no
		if [ -w /dev/kvm ]; then
			say "trying hardware virtualisation (up to 10 s, once)"
			if timeout --kill-after 2 10 qemu-system-x86_64 -accel kvm -cpu host -m 512M -nodefaults -no-user-config \
				-display none -no-reboot -serial stdio -kernel "$kernel" -initrd "$initramfs" \
				-append "console=ttyS0 quiet panic=-1 hmmcl_lab=probe" \
				</dev/null 2>&1 | grep -a -q 'hmmcl-lab: boots'; then
				answer=yes
			fi
		fi
		echo "$answer" >"$finding"
		[ $answer = yes ] || say "hardware virtualisation does not work here: software emulation is used"
	fi
	if [ "$(cat "$finding")" = yes ]; then
		ACCELERATION=(-accel kvm -cpu host)
		EMULATED=''
	else
		ACCELERATION=("${emulation[@]}")
		EMULATED=yes
	fi
}

# kernel_reports FILE: the lines of a kernel log that report a fault of the kernel or the driver.
kernel_reports() {
	grep -a -n -E -f "$HMMCL_TREE/conformance/lab.d/kernel-reports" "$1" | head -n 20
}
