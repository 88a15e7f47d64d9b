; Functions at the top level of a module, and methods of its classes. A function is a declaration,
; exported or not, or the only function that a `const` (`let`, `var`) or an `exports.name` is set
; to. Wrappers that run at once, as AMD modules are, are not looked into. What has no name is a
; default export.

(comment) @comment
(decorator) @attribute

[
  (function_declaration name: (_) @name)
  (generator_function_declaration name: (_) @name)
] @function
(function_expression name: (_)? @name) @function
(generator_function name: (_)? @name) @function
(arrow_function) @function

(lexical_declaration
  . (variable_declarator
      name: (identifier) @name
      value: [(arrow_function) (function_expression) (generator_function)]) .) @function
(variable_declaration
  . (variable_declarator
      name: (identifier) @name
      value: [(arrow_function) (function_expression) (generator_function)]) .) @function

((assignment_expression
  left: (member_expression object: (_) @_target property: (_) @name)
  right: [(arrow_function) (function_expression) (generator_function)]) @function
  (#any-of? @_target "exports" "module.exports"))

(method_definition name: (_) @name) @member

(export_statement declaration: (_) @inner) @wrapper
(export_statement value: (_) @inner) @wrapper
(expression_statement (assignment_expression) @inner) @wrapper

(class_declaration name: (_)? @name body: (_) @inside) @class
(class name: (_)? @name body: (_) @inside) @class
(ERROR) @container
