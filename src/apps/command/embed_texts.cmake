# Makes leumund_texts.inc of data/command/*.txt, so that the program needs no files.
set(rows "")
foreach(name en de)
  set(file ${PROJECT_SOURCE_DIR}/data/command/${name}.txt)
  file(READ ${file} content)
  string(REPLACE "." "_" symbol ${name})
  string(APPEND rows "inline constexpr std::string_view texts_${symbol} = R\"texts(${content})texts\";\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
endforeach()
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/apps/leumund_texts.inc @ONLY CONTENT
"// Made of data/command by embed_texts.cmake.
#include <string_view>
namespace leumund::apps {
@rows@}  // namespace leumund::apps
")
