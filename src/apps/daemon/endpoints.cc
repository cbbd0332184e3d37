#include "apps/daemon/endpoints.h"

#include <filesystem>

#include "config/listen_address.h"

namespace leumund::apps {

base::Result<net::Endpoint> endpoint_of(const std::string& text) {
  const auto address = config::parse_listen_address(text);
  if (!address) return address.error();
  if (address->is_unix()) return net::Endpoint::unix_socket(address->path);
  return net::Endpoint::tcp(address->address.to_string(), address->port);
}

void make_folder_of(const net::Endpoint& where) {
  if (!where.is_unix()) return;
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(where.path).parent_path(), failed);
}

}  // namespace leumund::apps
