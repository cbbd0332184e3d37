// For tests: a self-signed certificate in files that go with it, and a TLS server that shows it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace leumund::net {

class TestCertificate {
 public:
  explicit TestCertificate(const std::string& name);
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  [[nodiscard]] std::string certificate_file() const {
    return (folder_ / "certificate.pem").string();
  }
  [[nodiscard]] std::string key_file() const { return (folder_ / "key.pem").string(); }

  class HttpsServer {
   public:
    virtual ~HttpsServer() = default;
    [[nodiscard]] virtual int port() const = 0;
  };
  // Answers every GET with what `answer` gives for its path.
  [[nodiscard]] std::unique_ptr<HttpsServer> serve_https(
      std::function<std::string(const std::string& path)> answer) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace leumund::net
