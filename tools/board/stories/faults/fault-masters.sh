# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# The descriptors and ring entries of stock masters point to unmapped addresses: the
# fault names the master, and no byte outside the mapped buffers changes. To notice a
# change, there is a pattern around and beside the buffers, a file that fills memory,
# and the kernel's poison in every free page (page_poison=1). This is the last story of
# a boot, since pages that the network card's driver has lost are not recovered.

oracle_ignore '^nr_iommu_pages'
seconds=5

# faulted NAME ADDRESS: the line of a fault names the master. The C driver prints only its
# number, and a Tegra's memory controller the client.
faulted() {
	case $soc.$driver in
	t1[23]?.* | t210.*) log_since | grep -Eq "memory-controller: $(virt_client "$1").* @0x0*$2: Page fault" ;;
	*.c) log_since | grep -Eq "fault.*0x0*$2" ;;
	*) log_since | grep -Eq "iommu: $(virt_node "$1") \(stream [0-9]+\): .* of 0x0*$2: " ;;
	esac
}

# The driver of a Tegra's memory controller prints ten lines in five seconds, two for each fault.
log_again() {
	case $soc in t1[23]? | t210) sleep 6 ;; esac
}

virt_client() {
	case $1 in
	dma0) echo ppcs ;;
	mmc) echo 'sdmmc[rw]a' ;;
	net0) echo xusb_host ;;
	esac
}

# lose_all NAME TYPE: unmaps pages that the master's driver still uses
lose_all() {
	lost=0
	node=$(virt_node "$1")
	for page in $(mapped "$1" "$2"); do
		client @ lose "$node" "$page" >/dev/null && lost=$((lost + 1))
	done
	check "$1 has pages of the type $2" test $lost -gt 0
}

page_of() { echo "${1%???}"; }
memory_same() { [ "$(sha256sum </tmp/memory)" = "$sum" ]; }

behind dma0 mmc net0 net1
dd if=/dev/urandom of=/tmp/memory bs=1048576 count=32 2>/dev/null
sum=$(sha256sum </tmp/memory)
mark 0 2

# A descriptor of a DMA engine whose second page is not mapped. QEMU's engine keeps data
# that it could not write in its buffer, so this test precedes its other denied accesses.
dev=$(virt_node dma0)
channel=$(virt_channel dma0)
does @ take 0 "$dev" 0x4000 0x11
from=${client_said%% *}
does @ take 1 "$dev" 0x4000 0x22
to=${client_said%% *}
does @ copy "$channel" "$to" "$from" 0x1000
does @ holds 1 0 0x1000 0x11
does @ holds 1 0x1000 0x3000 0x22
beyond=$(printf '0x%x' $((to + 0x3000)))
does @ lose "$dev" "$beyond"
client @ copy "$channel" $((to + 0x2000)) "$from" 0x2000 >/dev/null
wait_for "a fault of dma0 in the second page" $seconds faulted dma0 "$(page_of "${beyond#0x}")..."
does @ find "$dev" "$beyond"
does @ holds 1 0 0x1000 0x11
does @ holds 1 0x1000 0x1000 0x22
does @ holds 1 0x2000 0x1000 0x11
does @ holds 1 0x3000 0x1000 0x22

# A descriptor whose source or destination is not mapped at all.
for nowhere in 0x7654000 0x1000; do
	client @ copy "$channel" $nowhere "$from" 0x1000 >/dev/null
	wait_for "a fault of dma0 that writes to $nowhere" $seconds faulted dma0 "${nowhere#0x}"
done
client @ copy "$channel" "$to" 0x5551000 0x1000 >/dev/null
wait_for "a fault of dma0 that reads from 0x5551000" $seconds faulted dma0 5551000
does @ holds 0 0 0x4000 0x11
does @ holds 1 0x1000 0x1000 0x22
does @ holds 1 0x3000 0x1000 0x22
sealed_off
does @ give 0
does @ give 1

check "the kernel keeps a book of mappings" test -r $DEBUGFS/dma-api/dump

# The ring entries of a network card, for received packets. Its driver unmaps such a page
# when it takes it for a packet. The DMA API finds the page unmapped already, and leaves
# the pages after it mapped, even when their memory is freed.
# The DMA API of 32-bit ARM gives the address of such a page to the next buffer at once, so the test
# cannot map the page again there.
lose_ring() {
	allow_splat 'WARNING: drivers/iommu/dma-iommu.c:[0-9]+ at iommu_dma_unmap_phys'
	allow_splat 'WARNING: drivers/iommu/iommu-debug-pagealloc.c:[0-9]+ at __iommu_debug_check_unmapped'
	net_up
	log_again
	mark 0 2
	lose_all net0 'single|phy'
	refute "nothing can arrive" ping -c 2 -W 1 $there
	check "the faults are the card's" test "$(faults_of net0)" -gt 0
	check "a fault of the card" faulted net0 '[0-9a-f]+'
	find_all net0 'single|phy'
	# The driver does not check for the lost pages.
	check "it is down" ip link set "$card" down
	check "it is up again" ip link set "$card" up
	wait_for "ping" 10 ping -c 1 -W 10 $there
	sealed_off
	net_down
}
if [ "$image" = arm ]; then
	note "not on 32-bit ARM: ring entries of a network card"
else
	lose_ring
fi

# The table of descriptors of a disk.
wait_for "the disk" 10 test -b /dev/mmcblk0
log_again
mark 0 2
lose_all mmc coherent
refute "it cannot be read" dd if=/dev/mmcblk0 of=/dev/null bs=65536 count=1 iflag=direct
check "the faults are the disk's" test "$(faults_of mmc)" -gt 0
check "a fault of the disk" faulted mmc '[0-9a-f]+'
find_all mmc coherent
check "it can be read again" dd if=/dev/mmcblk0 of=/dev/null bs=65536 count=1 iflag=direct
sealed_off

check "the memory of others is as it was" memory_same
rm /tmp/memory
