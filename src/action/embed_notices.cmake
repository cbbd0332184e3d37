# Makes notice_templates.inc of data/notices/NAME.LANGUAGE.txt, so that the program needs no files.
file(GLOB texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/notices/*.txt)
set(rows "")
foreach(text ${texts})
  get_filename_component(file ${text} NAME)
  string(REGEX MATCH "^([a-z]+)\\.([a-z][a-z])\\.txt$" matched ${file})
  if(NOT matched)
    message(FATAL_ERROR "data/notices/${file} is not named NAME.LANGUAGE.txt")
  endif()
  set(name ${CMAKE_MATCH_1})
  set(language ${CMAKE_MATCH_2})
  file(READ ${text} content)
  string(APPEND rows "    {\"${name}\", \"${language}\", R\"notice(${content})notice\"},\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${text})
endforeach()
list(LENGTH texts count)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/action/notice_templates.inc @ONLY CONTENT
"// Made of data/notices by embed_notices.cmake.
namespace leumund::action {
struct NoticeTemplate {
  std::string_view name;
  std::string_view language;
  std::string_view text;
};
constexpr NoticeTemplate notice_templates[@count@] = {
@rows@};
}  // namespace leumund::action
")
