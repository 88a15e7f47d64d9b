; Static methods of top-level classes, which are Java's functions, and instance methods. Methods
; without a body (abstract, native) and those of nested classes are not looked for.

(line_comment) @comment
(block_comment) @comment

(method_declaration (modifiers "static") name: (_) @name body: (_)) @static
(method_declaration name: (_) @name body: (_)) @member

(class_declaration name: (_) @name body: (_) @inside) @class
(enum_declaration name: (_) @name body: (_) @inside) @class
(interface_declaration name: (_) @name body: (_) @inside) @class
(record_declaration name: (_) @name body: (_) @inside) @class
(enum_body_declarations) @container
(ERROR) @container
