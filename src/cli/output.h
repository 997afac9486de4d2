// How commands speak: one JSON document or text on stdout, progress and errors on stderr, an exit code from the error's
// kind.
#pragma once

#include <string>

#include "core/json.h"
#include "core/result.h"

namespace phasegate::cli {

// 2 for the user's input, 3 for something that the machine lacks, 1 for evidence and everything that failed.
[[nodiscard]] int exit_code(core::ErrorKind kind);

// Prints "phasegate: where: what (next)" to stderr, and with --json {"error": {...}} to stdout. Returns the exit code.
int report_error(const core::Error& error, bool json);

void print_json(const core::Json& document);  // pretty, keys sorted, on stdout
void print_text(const std::string& text);     // stdout, exactly as given

// Terminal facts for rendering: NO_COLOR and pipes give plain text.
[[nodiscard]] bool stdout_has_color();
[[nodiscard]] int stdout_width();  // columns; 100 when not a terminal
[[nodiscard]] bool stderr_is_terminal();

}  // namespace phasegate::cli
