; Functions at the top level of a module, and methods of its classes. Functions inside a top-level
; `if` or `try` are not looked for: what they are depends on what is around them.

(comment) @comment

(function_definition name: (_) @name body: (_) @body) @function
(decorated_definition definition: (_) @inner) @wrapper
(class_definition name: (_) @name body: (_) @inside) @class
(ERROR) @container
