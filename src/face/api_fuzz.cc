// Any path, query and body through both doors: an answer with a status, never a crash. The first
// line of the input is "METHOD PATH?QUERY", the rest the body.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "face/api.h"
#include "face/fake_control.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace leumund::face;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line_end = text.find('\n');
  const std::string_view line = text.substr(0, line_end);
  Call call;
  if (line_end != std::string_view::npos) call.body = text.substr(line_end + 1);
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  call.method = line.substr(0, space);
  const auto question = line.find('?', space);
  call.path =
      line.substr(space + 1, question == std::string_view::npos ? question : question - space - 1);
  std::string_view query = question == std::string_view::npos ? "" : line.substr(question + 1);
  const std::string host(query);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::string name(pair.substr(0, pair.find('=')));
    call.params[name] = pair.size() > name.size() ? pair.substr(name.size() + 1) : "";
  }
  FakeControl control;
  Api api(control, [] { return std::string(); }, {});
  for (const Door door : {Door::unix_socket, Door::tcp}) {
    call.door = door;
    call.host = host;
    const Reply reply = api.handle(call, leumund::base::TimePoint());
    if (reply.status < 200 || reply.status > 599) std::abort();
    if (reply.status >= 400 && !reply.body.starts_with("{\"error\":{")) std::abort();
  }
  return 0;
}
