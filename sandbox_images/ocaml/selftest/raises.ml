(* expect: runtime_error *)
let () = failwith "on purpose"
