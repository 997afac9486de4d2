// Structured log on stderr: level, event name, key=value pairs. Never used between two stamps or on the request path.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace phasegate::core {

enum class LogLevel { debug, info, warn, error };

using LogField = std::pair<std::string_view, std::string>;

// Thread-safe. Below the level set by set_log_level nothing is written (default: warn).
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
void set_log_level(LogLevel level);

}  // namespace phasegate::core
