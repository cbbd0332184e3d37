# Makes letter_templates.inc of data/letters/LANGUAGE/NAME.txt, so that the program needs no files.
file(GLOB texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/letters/*/*.txt)
set(rows "")
foreach(text ${texts})
  string(REGEX MATCH "/([a-z][a-z])/([a-z_]+)\\.txt$" matched ${text})
  if(NOT matched)
    message(FATAL_ERROR "${text} is not named LANGUAGE/NAME.txt")
  endif()
  set(language ${CMAKE_MATCH_1})
  set(name ${CMAKE_MATCH_2})
  file(READ ${text} content)
  string(APPEND rows "    {\"${name}\", \"${language}\", R\"letter(${content})letter\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${text})
endforeach()
list(LENGTH texts count)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/action/letter_templates.inc @ONLY CONTENT
"// Made of data/letters by embed_letters.cmake.
namespace leumund::action {
struct LetterTemplate {
  std::string_view name;
  std::string_view language;
  std::string_view text;
};
constexpr LetterTemplate letter_templates[@count@] = {
@rows@};
}  // namespace leumund::action
")
