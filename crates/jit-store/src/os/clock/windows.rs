//! Windows: the unbiased interrupt time, and a boot's id made of what the registry says. Compiled,
//! never run: see dev/architecture.md.

use std::ffi::c_void;
use std::io;

use jit_core::ClockId;
use uuid::Uuid;
use windows_sys::Win32::System::Registry::{
    HKEY_LOCAL_MACHINE, REG_ROUTINE_FLAGS, RRF_RT_REG_DWORD, RRF_RT_REG_SZ, RRF_SUBKEY_WOW6464KEY,
    RegGetValueW,
};
use windows_sys::Win32::System::WindowsProgramming::QueryUnbiasedInterruptTimePrecise;
use windows_sys::core::PCWSTR;
use xxhash_rust::xxh3::xxh3_128;

/// Counts from the boot on, not while the machine sleeps, in steps of 100 ns.
pub(super) fn monotonic_ns() -> io::Result<u64> {
    let mut ticks = 0;
    // SAFETY: it writes one number to where it is told.
    unsafe { QueryUnbiasedInterruptTimePrecise(&mut ticks) };
    ticks.checked_mul(100).ok_or_else(|| io::Error::other("the interrupt time is out of range"))
}

/// The count of boots, which the kernel raises each time, together with the machine's id: a copied
/// repository may meet the same count on another machine.
pub(super) fn boot() -> io::Result<ClockId> {
    let mut boots = [0_u8; 4];
    read(
        windows_sys::w!(
            r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"
        ),
        windows_sys::w!("BootId"),
        RRF_RT_REG_DWORD,
        &mut boots,
    )?;
    let mut machine = [0_u8; 128];
    read(
        windows_sys::w!(r"SOFTWARE\Microsoft\Cryptography"),
        windows_sys::w!("MachineGuid"),
        RRF_RT_REG_SZ,
        &mut machine,
    )?;
    Ok(ClockId::new(Uuid::from_u128(xxh3_128(&[&machine[..], &boots[..]].concat()))))
}

/// Reads a value of the machine's registry into the buffer; what it does not fill stays.
fn read(key: PCWSTR, value: PCWSTR, kind: REG_ROUTINE_FLAGS, into: &mut [u8]) -> io::Result<()> {
    let mut size = u32::try_from(into.len()).map_err(io::Error::other)?;
    let buffer = into.as_mut_ptr().cast::<c_void>();
    // Where a 32-bit program looks unless told, there is no machine id.
    let flags = kind | RRF_SUBKEY_WOW6464KEY;
    // SAFETY: both names end with a zero, and at most `size` bytes are written to the buffer,
    // which has as many.
    let status = unsafe {
        RegGetValueW(HKEY_LOCAL_MACHINE, key, value, flags, std::ptr::null_mut(), buffer, &mut size)
    };
    match status {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(i32::try_from(code).unwrap_or(i32::MAX))),
    }
}

/// Nothing is known that would give a process another boot's name.
pub(super) fn vouch() -> io::Result<()> {
    Ok(())
}
