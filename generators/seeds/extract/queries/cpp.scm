; Functions of the file and its namespaces, and member functions. What is defined outside of its
; class (`Stack::push`) is a method, and so is every other function with a qualified name: the file
; alone does not say whether a class or a namespace stands before the `::`.
;
; The preprocessor is not run: all branches of an `#if` are looked into, and definitions that macros
; make (`TEST(a, b) {}`) are none, for they have no return type.

(comment) @comment

(function_definition
  declarator: [
    (function_declarator declarator: (qualified_identifier) @name)
    (_ (function_declarator declarator: (qualified_identifier) @name))
    (_ (_ (function_declarator declarator: (qualified_identifier) @name)))
    (_ (_ (_ (function_declarator declarator: (qualified_identifier) @name))))
  ]
  [(compound_statement) (try_statement)]) @method
(function_definition
  type: (_)
  declarator: [
    (function_declarator declarator: (_) @name)
    (_ (function_declarator declarator: (_) @name))
    (_ (_ (function_declarator declarator: (_) @name)))
    (_ (_ (_ (function_declarator declarator: (_) @name))))
  ]
  [(compound_statement) (try_statement)]) @function
(function_definition
  declarator: (function_declarator declarator: [(destructor_name) (operator_name)] @name)
  [(compound_statement) (try_statement)]) @function
(function_definition declarator: (operator_cast) @name (compound_statement)) @function
(function_definition
  declarator: (function_declarator declarator: (_) @name)
  [(compound_statement) (try_statement)]) @member

(template_declaration (_) @inner .) @wrapper
(linkage_specification body: (function_definition) @inner) @wrapper

(class_specifier name: (_) @name body: (_) @inside) @class
(struct_specifier name: (_) @name body: (_) @inside) @class
[
  (declaration_list)
  (linkage_specification)
  (namespace_definition)
  (preproc_elif)
  (preproc_elifdef)
  (preproc_else)
  (preproc_if)
  (preproc_ifdef)
] @container
(ERROR) @container
