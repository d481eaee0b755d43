# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The lab's debug kernel. Sourced by conformance/lab; needs common.sh and root.sh.
make_debug_kernel() { die "the debug kernel is not there yet"; }
