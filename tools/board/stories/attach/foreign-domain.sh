# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# One instance has the C driver, another one the Rust driver. A domain of one driver is
# refused for a master of the other, and the refused attach leaves no trace. The core
# refuses it, except in one function without that check, where the Rust driver does
# (the C driver does not).

override() { echo "$2" >"/sys/bus/platform/devices/$(instance "$1")/driver_override"; }

oracle_off "the C driver leaves its hardware on and its tables behind"
override 30f0000 "$driver_module"
override 30e0000 "$hw_c_driver"
check "the C driver comes" load "$hw_c_module"
check "the Rust driver comes" load_driver
check "the masters' driver comes" load board_client
rust=$(first_master)
c=$(masters | tail -n 1)
translated "$rust"
translated "$c"
equal "driver of one" "$(driver_of "$(first_instance)")" "$driver_module"
equal "driver of the other" "$(driver_of "$(instance 30e0000)")" "$hw_c_driver"
does "$rust" alloc 0
does "$c" alloc 1
buffers 1
does - map 0 0x1000 0 0 0x1000 rw
does "$rust" attach 0
does "$rust" read 0 0x1000 64
does "$rust" detach 0
fails -22 "$rust" attach 1
says identity "$rust" domain
fails -22 "$c" attach 0
fails -22 "$c" replace 0
says identity "$c" domain
says 4096 - unmap 0 0x1000 0x1000
does - free 0
does - free 1
drop_buffers
