module heddle/test/oracle/gateway-api

go 1.24
