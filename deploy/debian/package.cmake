# `cpack -G DEB` in a release build makes the Debian package. What is installed by `cmake --install` is the same, without
# what only dpkg has a use for.

set(redactd_gzip gzip -9n)
set(redactd_made ${CMAKE_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${redactd_made})
file(WRITE ${redactd_made}/changelog
  "redactd (${PROJECT_VERSION}) unstable; urgency=medium\n\n  * See /usr/share/doc/redactd/CHANGELOG.md.\n\n"
  " -- The redactd authors <redactd@example.org>  Thu, 26 Nov 2026 00:00:00 +0000\n")
add_custom_command(OUTPUT ${redactd_made}/changelog.gz ${redactd_made}/redactd.1.gz
  COMMAND ${redactd_gzip} -c ${redactd_made}/changelog > ${redactd_made}/changelog.gz
  COMMAND ${redactd_gzip} -c ${CMAKE_SOURCE_DIR}/docs/redactd.1 > ${redactd_made}/redactd.1.gz
  DEPENDS docs/redactd.1
  VERBATIM)
add_custom_target(redactd_package_files ALL DEPENDS ${redactd_made}/changelog.gz ${redactd_made}/redactd.1.gz)

install(FILES ${redactd_made}/redactd.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${redactd_made}/changelog.gz deploy/debian/copyright CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES deploy/systemd/redactd.service deploy/systemd/redactd@.service deploy/systemd/redactd.socket
  DESTINATION lib/systemd/system)
install(FILES deploy/systemd/redactd.sysusers DESTINATION lib/sysusers.d RENAME redactd.conf)
install(FILES deploy/helm/redactd/files/redactd.rules.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR}/prometheus)
install(FILES deploy/debian/redactd.yaml DESTINATION /etc/redactd)
install(FILES deploy/debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME redactd)
install(FILES deploy/debian/logrotate DESTINATION /etc/logrotate.d RENAME redactd)
install(FILES deploy/debian/apparmor DESTINATION /etc/apparmor.d RENAME redactd)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME redactd)
set(CPACK_PACKAGE_VENDOR "The redactd authors")
set(CPACK_PACKAGE_CONTACT "The redactd authors <redactd@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "masks secrets in log streams")
set(CPACK_PACKAGE_DESCRIPTION [[
Log streams come in through a pipe, by syslog or from files. Tokens, keys and
passwords in them are masked, and everything else passes byte for byte.]])
set(CPACK_SET_DESTDIR ON)  # some files go to /etc
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${CMAKE_SOURCE_DIR}/deploy/debian/postinst;${CMAKE_SOURCE_DIR}/deploy/debian/prerm;${CMAKE_SOURCE_DIR}/deploy/debian/postrm;${CMAKE_SOURCE_DIR}/deploy/debian/conffiles")
include(CPack)
