//! t
#![no_main]
#[unsafe(no_mangle)]
pub extern "C" fn main(_c:i32,_v:*const *const u8)->i32{println!("{:?}", std::env::args()); 0}
