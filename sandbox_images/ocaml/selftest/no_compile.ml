(* expect: compile_error *)
let x : int = "text"
