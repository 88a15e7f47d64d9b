(* expect: passed *)
let () = print_endline "naïve 你好 🎉 łódź"
