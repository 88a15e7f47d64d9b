"""What counts as a type error: our own Pyright configuration, the whole of it.

Every rule has its severity here, so that neither a default of a later Pyright nor a file on the
machine decides. The rules are those that are errors in Pyright's `standard` mode (its manual,
docs/configuration.md, "Diagnostic Settings Defaults", as of `PYRIGHT_VERSION`); what is a warning
there is off, because warnings reject nothing and cost time. Two differences:

    reportMissingImports is off: the `modules` step decides which modules a seed may import. What
        cannot be resolved has an unknown type, which fits everywhere. The step has an option.
    enableTypeIgnoreComments is off: a seed cannot switch its own check off.

Python is 3.11 on Linux and nothing is installed but the standard library: its typeshed stubs, and
those for third-party packages, come with Pyright.
"""

import json
from typing import Any

__all__ = ["ENVIRONMENT", "ERRORS", "PYRIGHT_VERSION", "SILENT", "configuration"]

PYRIGHT_VERSION = "1.1.414"
"""Another version has other stubs and finds other errors: it makes another seed set."""

ENVIRONMENT = "0-environment"
"""Folder, beside the configuration, of the virtual environment in which nothing is installed."""

ERRORS: tuple[str, ...] = (
    "reportAbstractUsage",
    "reportArgumentType",
    "reportAssertTypeFailure",
    "reportAssignmentType",
    "reportAttributeAccessIssue",
    "reportCallIssue",
    "reportFunctionMemberAccess",
    "reportGeneralTypeIssues",
    "reportIncompatibleMethodOverride",
    "reportIncompatibleVariableOverride",
    "reportInconsistentOverload",
    "reportIndexIssue",
    "reportInvalidTypeArguments",
    "reportInvalidTypeForm",
    "reportNoOverloadImplementation",
    "reportOperatorIssue",
    "reportOptionalCall",
    "reportOptionalContextManager",
    "reportOptionalIterable",
    "reportOptionalMemberAccess",
    "reportOptionalOperand",
    "reportOptionalSubscript",
    "reportOverlappingOverload",
    "reportPossiblyUnboundVariable",
    "reportPrivateImportUsage",
    "reportRedeclaration",
    "reportReturnType",
    "reportTypedDictNotRequiredAccess",
    "reportUnboundVariable",
    "reportUndefinedVariable",
    "reportUnhashable",
    "reportUnusedCoroutine",
    "reportUnusedExcept",
)
"""Rules that reject a seed: the errors of the `standard` mode but for unresolved imports."""

SILENT: tuple[str, ...] = (
    "reportAssertAlwaysTrue",
    "reportCallInDefaultInitializer",
    "reportConstantRedefinition",
    "reportDeprecated",
    "reportDuplicateImport",
    "reportImplicitOverride",
    "reportImplicitStringConcatenation",
    "reportImportCycles",
    "reportIncompleteStub",
    "reportInconsistentConstructor",
    "reportInvalidStringEscapeSequence",
    "reportInvalidStubStatement",
    "reportInvalidTypeVarUse",
    "reportMatchNotExhaustive",
    "reportMissingModuleSource",
    "reportMissingParameterType",
    "reportMissingSuperCall",
    "reportMissingTypeArgument",
    "reportMissingTypeStubs",
    "reportPrivateUsage",
    "reportPropertyTypeMismatch",
    "reportSelfClsParameterName",
    "reportTypeCommentUsage",
    "reportUninitializedInstanceVariable",
    "reportUnknownArgumentType",
    "reportUnknownLambdaType",
    "reportUnknownMemberType",
    "reportUnknownParameterType",
    "reportUnknownVariableType",
    "reportUnnecessaryCast",
    "reportUnnecessaryComparison",
    "reportUnnecessaryContains",
    "reportUnnecessaryIsInstance",
    "reportUnnecessaryTypeIgnoreComment",
    "reportUnreachable",
    "reportUnsupportedDunderAll",
    "reportUntypedBaseClass",
    "reportUntypedClassDecorator",
    "reportUntypedFunctionDecorator",
    "reportUntypedNamedTuple",
    "reportUnusedCallResult",
    "reportUnusedClass",
    "reportUnusedExpression",
    "reportUnusedFunction",
    "reportUnusedImport",
    "reportUnusedVariable",
    "reportWildcardImportFromLibrary",
)
"""Rules that are warnings or off in the `standard` mode."""

_SWITCHES = {
    "analyzeUnannotatedFunctions": True,
    "deprecateTypingAliases": False,
    "disableBytesTypePromotions": True,
    "enableExperimentalFeatures": False,
    "enableReachabilityAnalysis": True,
    "enableTypeIgnoreComments": False,
    "strictDictionaryInference": False,
    "strictListInference": False,
    "strictParameterNoneValue": True,
    "strictSetInference": False,
}


def configuration(missing_imports: bool = False) -> bytes:
    """Return the `pyrightconfig.json`. Its paths are relative: it is good in any folder."""
    rules = dict.fromkeys(ERRORS, "error") | dict.fromkeys(SILENT, "none")
    rules["reportMissingImports"] = "error" if missing_imports else "none"
    settings: dict[str, Any] = {
        "include": ["0"],
        "exclude": [],
        "extraPaths": [],
        "stubPath": f"{ENVIRONMENT}/stubs",
        # Pyright asks an interpreter for its search paths only where it finds no site-packages.
        "venvPath": ".",
        "venv": ENVIRONMENT,
        "pythonVersion": "3.11",
        "pythonPlatform": "Linux",
        "useLibraryCodeForTypes": False,
        "typeCheckingMode": "standard",
        **_SWITCHES,
        **dict(sorted(rules.items())),
    }
    return json.dumps(settings, indent=1).encode() + b"\n"
