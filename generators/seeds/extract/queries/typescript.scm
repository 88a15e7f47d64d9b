; What TypeScript has besides javascript.scm: abstract classes and namespaces.

(abstract_class_declaration name: (_) @name body: (_) @inside) @class
(internal_module body: (_) @inside) @container
(module body: (_) @inside) @container
(expression_statement (internal_module) @inner) @wrapper
