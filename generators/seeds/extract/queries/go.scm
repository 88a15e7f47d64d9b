; Functions, and methods by their receivers. Tests, benchmarks and fuzz targets of package testing
; are left out and counted. Directives (`//go:noinline`, `//export f`) stay in the code and are no
; documentation.

(comment) @comment
((comment) @directive
  (#match? @directive "^//(line |extern |export |[a-z0-9]+:[a-z0-9]| ?\\+build|nolint\\b)"))

((function_declaration name: (_) @name parameters: (_) @_parameters body: (_)) @test
  (#match? @name "^(Test|Benchmark|Fuzz)(?![a-z])")
  (#match? @_parameters "^\\(\\s*\\w+\\s+\\*\\s*testing\\.[TBFM]\\s*\\)$"))
(function_declaration name: (_) @name body: (_)) @function

(method_declaration
  receiver: (parameter_list
    (parameter_declaration
      type: [
        (type_identifier) @owner
        (generic_type type: (_) @owner)
        (pointer_type (type_identifier) @owner)
        (pointer_type (generic_type type: (_) @owner))
        (_ (_ (type_identifier) @owner))
        (_ (_ (generic_type type: (_) @owner)))
      ]))
  name: (_) @name
  body: (_)) @method
(ERROR) @container
