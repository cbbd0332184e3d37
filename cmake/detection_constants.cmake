# Turns data/detection/burst.toml (lines `name = number`) into the header verdict/fitted_values.h, so
# that the engine carries its constants and reads no file.
function(leumund_detection_constants toml header)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${toml})
  file(STRINGS ${toml} lines REGEX "^[a-z0-9_]+ = -?[0-9.e+-]+$")
  set(text "// Generated from data/detection/burst.toml.\n#pragma once\n\nnamespace leumund::verdict::fitted {\n\n")
  foreach(line ${lines})
    string(APPEND text "inline constexpr double ${line};\n")
  endforeach()
  string(APPEND text "\n}  // namespace leumund::verdict::fitted\n")
  file(CONFIGURE OUTPUT ${header} CONTENT "${text}" @ONLY)
endfunction()
