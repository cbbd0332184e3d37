// A blocking connection for command and reply, in clear or, after start_tls(), encrypted.
//
// Time:    everything ends at the deadline set last.
// Limits:  lines of 1000 bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/descriptor.h"
#include "net/socket.h"

namespace leumund::net {

class SmtpStream {
 public:
  SmtpStream(Descriptor fd, std::string server_name);
  ~SmtpStream();
  SmtpStream(const SmtpStream&) = delete;
  SmtpStream& operator=(const SmtpStream&) = delete;

  void set_deadline(Deadline deadline) { deadline_ = deadline; }

  [[nodiscard]] base::Status write(std::string_view bytes);
  // A line without its CRLF.
  [[nodiscard]] base::Result<std::string> read_line();

  struct Tls {
    bool check = true;  // the certificate must be good for `name`
    std::string name;
    std::string ca_file;
  };
  [[nodiscard]] base::Status start_tls(const Tls& tls);
  [[nodiscard]] bool encrypted() const { return tls_ != nullptr; }

 private:
  struct TlsState;
  [[nodiscard]] base::Result<std::size_t> read_some(char* into, std::size_t size);
  // Whether a TLS call that wants to wait may be tried again.
  [[nodiscard]] base::Status after_tls_call(int result, const char* doing);

  Descriptor fd_;
  const std::string name_;
  Deadline deadline_;
  std::string received_;  // beyond the lines given out
  std::unique_ptr<TlsState> tls_;
};

}  // namespace leumund::net
