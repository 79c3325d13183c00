# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=busybox
# An instance is removed while a domain that was allocated for it has pages mapped. All
# DMA mappings of the instance are removed with it. The domain can still be looked up,
# unmapped and freed, and all its memory is freed.

loaded "$driver_module" || load_driver
before=$(oracle)
slabs=$(table_slabs)
mappings=$(dma_mappings)
for how in together alone; do
	if [ $how = together ]; then
		check "instance and masters come" overlay_apply instance-masters
	else
		check "an instance and its master come" adopt instance-named orphan
		id=$adopter
	fi
	wait_for "a master" 5 usable_at 2001000
	M=$(master 2001000)
	does "$M" alloc 0
	does "$M" gattach 0
	buffers 1024 scatter
	n=0
	while [ $n -lt 32 ]; do
		does - mapsg 0 $((n * 0x8000000)) 0 0 0x400000 rw
		n=$((n + 1))
	done
	does "$M" read 0 0x8001000 64
	filled=$(dma_mappings)
	if $hw_maps_tables && [ -n "$filled" ]; then
		check "tables are mapped for the walker: $filled" test "$filled" -gt $((32 * 0x400000 / hw_table_span))
	fi
	mark 1
	if [ $how = together ]; then
		check "they go" overlay_remove all
	else
		check "it goes" overlay_remove "$id"
	fi
	check "the instance is gone" gone 30e0000
	equal "mappings that the instance has left" "$(dma_mappings)" "$mappings"
	refute "nobody maps for it" grep -q '30e0000\.[a-z]*mmu ' $DEBUGFS/dma-api/dump
	sealed 1

	says "$(client - bphys 0 0x1000)" - phys 0 0x8001000
	n=0
	while [ $n -lt 16 ]; do
		says 4194304 - unmap 0 $((n * 0x8000000)) 0x400000
		n=$((n + 1))
	done
	says 0x0 - phys 0 0x8001000
	if $hw_maps_tables; then
		# A new table would have to be mapped for a device that was removed.
		fails -19 - mapsg 0 0x8000000 0 0 0x100000 r
	else
		does - mapsg 0 0x8000000 0 0 0x100000 r
	fi
	equal "nothing new is mapped" "$(dma_mappings)" "$mappings"
	does - free 0
	drop_buffers
	check "what is left goes" overlay_remove all
	equal "tables of $how" "$(table_slabs)" "$slabs"
done
equal "counts" "$(oracle)" "$before"
