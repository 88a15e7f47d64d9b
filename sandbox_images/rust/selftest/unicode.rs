// expect: passed
fn main() { println!("naïve 你好 🎉 łódź"); }
